// Pairing: this browser is let in by a link, by six letters or by the token; and lets others in.

import { call, get } from "./api.js";
import { copyButton } from "./clipboard.js";
import { button, card, dialog, field, h } from "./dom.js";
import { clock, errorKey, number, t } from "./i18n.js";

const SHORTEST_TOKEN = 16;
const LETTERS = 6;
const SECOND_MS = 1_000;

/** What the end of a link holds: {code} or {token}; undefined if it is none of ours. */
function credentialOf(link) {
  const held = new URLSearchParams(link.split("#")[1]);
  const name = ["code", "token"].find((each) => held.get(each));
  return name && { [name]: held.get(name) };
}

/** What a person has typed or pasted: letters, the token, or a whole link. */
function typedCredential(text) {
  const typed = text.trim();
  return credentialOf(typed) ?? (typed.length < SHORTEST_TOKEN ? { code: typed } : { token: typed });
}

/** Sent, it would cost one of five tries. */
const isIncomplete = ({ code }) => code?.length < SHORTEST_TOKEN && code.match(/\p{L}/gu)?.length !== LETTERS;

const pair = (credential) => call("v1/session", { json: credential });

const wordsOf = (error) => (error.code === "unauthorized" ? t("pair.wrong") : t(errorKey(error), { n: number(error.triesLeft ?? 0) }));

/** By the address, if it is such a link, which is taken out of it. Resolves with true if the browser is paired by it. */
export async function pairByAddress(app) {
  const credential = credentialOf(location.hash);
  if (!credential) return false;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    await pair(credential);
    return true;
  } catch (error) {
    app.tell(error.code === "unauthorized" ? "pair.wrong" : errorKey(error), {}, { isError: true });
    return false;
  }
}

/** Resolves with true once this browser is paired, here or by a link in another tab; else with what closed the dialog. */
export function askToPair(app) {
  let look = null;
  return dialog("pair.title", (close) => {
    const command = h("p.command");
    const session = () => get("v1/session").catch(() => ({}));
    session().then(({ command: line }) => line && command.append(h("code", { textContent: line }), copyButton(line)));
    const typed = h("input.letters", { type: "text", autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: false, required: true, autofocus: true });
    const wrong = h("p.wrong", { role: "alert" });
    const done = async () => {
      await app.begin();
      close(true);
      app.tell("pair.done");
    };
    const submit = async (event) => {
      event.preventDefault();
      const credential = typedCredential(typed.value);
      if (isIncomplete(credential)) return complain(t("pair.six"));
      try {
        await pair(credential);
        return await done();
      } catch (error) {
        return complain(wordsOf(error));
      }
    };
    const complain = (words) => {
      wrong.textContent = words;
      typed.select();
      wrong.scrollIntoView({ block: "nearest" });
    };
    look = async () => (await session()).paired && done();
    window.addEventListener("focus", look);
    return h("form", { onsubmit: submit },
      h("p", { t: "pair.why" }), field("pair.typed", typed), wrong,
      h("p.hint", { t: "pair.how" }), command, h("p.hint", { textContent: t("pair.other", { tab: t("tab.status"), button: t("pair.add") }) }),
      h("p.actions", {}, button(null, "cancel", () => close(false)), h("button.primary", { t: "pair.go" })),
    );
  }).finally(() => window.removeEventListener("focus", look));
}

/** For Status: how others are let in by this browser. */
export function invitingCard(app) {
  const invite = async () => {
    const invitation = await app.manage(newInvitation);
    if (invitation) await showInvitation(app, invitation);
  };
  return card("pair.others", h("p.hint", { t: "pair.others-about" }), h("p.actions", {}, button("phone", "pair.add", invite)));
}

const newInvitation = async () => (await call("v1/invitations", { method: "POST" })).json();

function showInvitation(app, first) {
  let timer = null;
  return dialog("pair.add", (close) => {
    const shown = h("div.invitation");
    const left = h("p.hint", { role: "timer" });
    let letIn = first.let_in;

    function show(invitation) {
      const { letters, url, qr } = invitation;
      shown.replaceChildren(...[
        qr && h("div", {}, h("p", { t: "pair.scan" }), h("img.qr", { src: qr, alt: t("pair.picture") })),
        h("div", {}, h("p", { textContent: url ? t("pair.type", { url }) : t("pair.only-here") }),
          h("output.big-letters", { textContent: `${letters.slice(0, 3)} ${letters.slice(3)}` }), left),
      ].filter(Boolean));
      letIn = invitation.let_in;
      const until = performance.now() + invitation.expires_in_s * SECOND_MS;
      clearInterval(timer);
      timer = setInterval(() => tick(until), SECOND_MS);
      tick(until);
    }

    function tick(until) {
      const seconds = Math.ceil((until - performance.now()) / SECOND_MS);
      left.textContent = seconds > 0 ? t("pair.left", { time: clock(seconds) }) : t("pair.over");
      if (seconds > 0) return look();
      clearInterval(timer);
      shown.replaceChildren(left);
      return undefined;
    }

    async function look() {
      const now = await get("v1/invitations").catch(() => ({ let_in: letIn }));
      if (now.let_in === letIn || !shown.isConnected) return;
      close();
      app.tell("pair.came");
    }

    async function again() {
      const invitation = await app.manage(newInvitation);
      if (invitation) show(invitation);
    }

    show(first);
    return [shown, h("p.actions", {}, button("replay", "pair.again", again), button(null, "close", () => close(), "primary"))];
  }).finally(() => clearInterval(timer));
}
