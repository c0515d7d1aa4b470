"""Its import does not end: the process that imports it must do without."""

import threading

threading.Event().wait()
