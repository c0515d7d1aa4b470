// The page while the daemon is away: a service worker keeps it. Browsers have them on https and localhost only.

import { address } from "./api.js";

/** `renewed()` is called when the daemon that came back, and was asked by `check`, has a newer page than this one. */
export class OfflinePage {
  #registration = null;

  async keep(renewed) {
    const { serviceWorker } = navigator;
    try {
      this.#registration = await serviceWorker?.register(address("service-worker.js"), { updateViaCache: "none" });
    } catch {
      return; // a private window, or a certificate that only the visitor trusts
    }
    serviceWorker?.addEventListener("controllerchange", () => this.#isAsked && renewed());
  }

  #isAsked = false;

  /** The daemon is here again. */
  check() {
    this.#isAsked = true;
    return this.#registration?.update().catch(() => {}); // away once more
  }
}
