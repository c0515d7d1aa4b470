// Where the page's own files are, for tests without a browser.

export const WEB = new URL("../../../qwen3tts_daemon/web/", import.meta.url);
