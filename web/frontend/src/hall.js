// The hall's machine, its screen, and a telephone that waits: pages that look anew by themselves.

const seconds = (element) => Number(element.dataset.seconds || 5) * 1000;

// <main data-polls="address" data-seconds="4"><div data-polled> … : the part is fetched again and put in its place.
for (const around of document.querySelectorAll("[data-polls]")) {
  const part = around.querySelector("[data-polled]");
  let shown = part.innerHTML;
  const look = async () => {
    try {
      const answer = await fetch(around.dataset.polls, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const found = await answer.text();
        if (found !== shown) {
          part.innerHTML = found;
          shown = found;
          say(around);
          // who cannot hear the call feels it
          // (a browser lets a page vibrate only after somebody has touched it, and complains otherwise)
          const touched = navigator.userActivation?.hasBeenActive;
          if (touched && part.querySelector(".is-called")) navigator.vibrate?.([400, 200, 400]);
        }
      }
    } catch {
      // the network is away for a moment: what is shown stays, and the next look comes
    }
    setTimeout(look, seconds(around));
  };
  setTimeout(look, seconds(around));
}

// The screen's voice: each call once, in each language the hall says, where the browser has a voice for it. The text
// is always there; a browser speaks only after somebody pressed the button.
const TONGUES = { 1: ["zh-CN", "zh"], 2: ["nan-TW", "nan"] };
const heard = new Set();
let aloud = false;

function voiceFor(names) {
  const voices = window.speechSynthesis?.getVoices() || [];
  return voices.find((one) => names.some((name) => one.lang.replace("_", "-").startsWith(name)));
}

function say(around) {
  if (!around.hasAttribute("data-speaks")) return;
  for (const row of [...around.querySelectorAll("[data-call]")].reverse()) {
    const key = `${row.dataset.call}/${row.dataset.times}`;
    if (row.dataset.serving === "1" || heard.has(key)) continue;
    heard.add(key);
    if (!aloud) continue;
    for (const [n, names] of Object.entries(TONGUES)) {
      const text = row.getAttribute(`data-say-${n}`);
      const voice = text && voiceFor(names);
      if (!voice) continue;
      const spoken = new SpeechSynthesisUtterance(text);
      spoken.voice = voice;
      spoken.lang = voice.lang;
      spoken.rate = 0.9;
      window.speechSynthesis.speak(spoken);
    }
  }
}

for (const button of document.querySelectorAll("[data-voice]")) {
  button.addEventListener("click", () => {
    aloud = true;
    button.hidden = true;
  });
}
for (const around of document.querySelectorAll("[data-speaks]")) say(around);

// The machine prints the slip, and is ready for the next person by itself.
for (const page of document.querySelectorAll("[data-prints]")) {
  if (page.dataset.prints === "1" && !navigator.webdriver) window.print();
}
for (const page of document.querySelectorAll("[data-returns]")) {
  setTimeout(() => window.location.assign(page.dataset.to), Number(page.dataset.returns) * 1000);
}
