// REST, with errors that have the daemon's stable codes; what needs the token asks for it.

/** Said by a proxy, for a daemon that is away. */
const GATEWAY = [502, 503, 504];
const here = new URL(".", location.href);

export const address = (path) => new URL(path, here);

export function socketAddress() {
  const url = address("v1/tts");
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

/** `code` is translated; `message` is the daemon's own, in English; `triesLeft` is for a wrong code. */
export class ApiError extends Error {
  constructor(code, message = "", status = 0, triesLeft = undefined) {
    super(message);
    this.code = code;
    this.status = status;
    this.triesLeft = triesLeft;
  }
}

export const given = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "" && value !== undefined));

/** Raises ApiError. `json` or `form` make it a POST. */
export async function call(path, { method, json, form, signal } = {}) {
  const request = { method: method ?? (json !== undefined || form ? "POST" : "GET"), signal };
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    request.headers = { "Content-Type": "application/json" };
  } else if (form) {
    request.body = new FormData();
    for (const [name, value] of Object.entries(given(form))) request.body.append(name, value);
  }
  let answer;
  try {
    answer = await fetch(address(path), request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("unreachable", "");
  }
  if (answer.ok) return answer;
  const { error } = await answer.json().catch(() => ({ error: {} }));
  throw new ApiError(error?.code ?? (GATEWAY.includes(answer.status) ? "unreachable" : "internal"), error?.message ?? `HTTP ${answer.status}`, answer.status, error?.tries_left);
}

export const get = async (path) => (await call(path)).json();
