// 马上离开: a page that nobody should find on a shared screen. The link leaves by itself; this leaves without a trace in
// the history, and three presses of Escape do the same.

const WITHIN = 2000;

const exit = document.querySelector("[data-quiet-exit]");
if (exit) {
  const leave = () => {
    document.documentElement.hidden = true;
    location.replace(exit.href);
  };
  exit.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  let pressed = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    pressed = [...pressed.filter((at) => event.timeStamp - at < WITHIN), event.timeStamp];
    if (pressed.length >= 3) leave();
  });
  // kept by the browser for the way back: not shown again
  addEventListener("pageshow", (event) => {
    if (event.persisted) leave();
  });
}
