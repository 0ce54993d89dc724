// What is typed, kept on this device until it has been sent. Each tab keeps its own, so that two never write over each
// other; a tab without one goes on with what was written last.
import { DRAFTS } from "./page.js";

const TAB = "yizhan:tab";
const KEPT_DAYS = 30;

/** This tab's name. It outlives a reload, and is the tab's own. */
function tab() {
  try {
    const known = sessionStorage.getItem(TAB);
    if (known) return known;
    const made = Math.random().toString(36).slice(2, 10);
    sessionStorage.setItem(TAB, made);
    return made;
  } catch {
    return "1";
  }
}

function read(name) {
  try {
    const found = JSON.parse(localStorage.getItem(name));
    return found && typeof found === "object" && found.answers && found.at ? found : null;
  } catch {
    return null; // nothing there, or not ours
  }
}

/** The drafts of one form. key: whose, of what; "" keeps nothing. */
export function drafts(key) {
  const form = `${DRAFTS}${key}#`;
  const own = form + tab();
  let from = null; // another tab's draft that this one went on with

  // Private windows and full disks refuse; typing must go on all the same.
  const attempt = (doing, otherwise) => {
    try {
      return key ? doing() : otherwise;
    } catch {
      return otherwise;
    }
  };
  const all = () =>
    attempt(() => {
      const names = Object.keys(localStorage).filter((name) => name.startsWith(form));
      const old = Date.now() - KEPT_DAYS * 86_400_000;
      for (const name of names) if ((read(name)?.at ?? 0) < old) localStorage.removeItem(name);
      return names.map((name) => [name, read(name)]).filter(([, draft]) => draft);
    }, []);

  return {
    /** {answers, extra, files, at} to go on with; null when there is none. */
    get() {
      const found = all();
      const mine = found.find(([name]) => name === own);
      const newest = found.sort(([, one], [, other]) => other.at - one.at)[0];
      const [name, draft] = mine ?? newest ?? [null, null];
      from = name && name !== own ? [name, draft.at] : null;
      return draft;
    },
    set(draft) {
      return attempt(() => {
        localStorage.setItem(own, JSON.stringify({ ...draft, at: Date.now() }));
        return true;
      }, false);
    },
    /** It was sent, or is to be begun anew. What another tab wrote since stays its own. */
    clear() {
      attempt(() => {
        localStorage.removeItem(own);
        if (from && read(from[0])?.at === from[1]) localStorage.removeItem(from[0]);
      });
    },
    /** Tell when another tab writes at the same form. */
    elsewhere(tell) {
      window.addEventListener("storage", (event) => {
        if (key && event.key?.startsWith(form) && event.key !== own && event.newValue) tell();
      });
    },
  };
}
