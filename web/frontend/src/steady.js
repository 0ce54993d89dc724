// A field that is left says what is wrong with it, and everything below moves: whoever pressed a button lets go of the
// mouse beside it, and the click would be lost. What was pressed is what is meant, while the pointer itself stood still.

const PRESSED = "button, a[href], summary, input[type=submit], [role=button]";
const STILL = 8; // pixels
let pressed = null;

document.addEventListener("pointerdown", (event) => {
  const target = event.button === 0 ? event.target.closest?.(PRESSED) : null;
  pressed = target && { target, x: event.clientX, y: event.clientY };
});
document.addEventListener("pointercancel", () => {
  pressed = null;
});
document.addEventListener("pointerup", (event) => {
  const was = pressed;
  pressed = null;
  if (!was || was.target.contains(event.target) || !was.target.isConnected) return;
  if (Math.hypot(event.clientX - was.x, event.clientY - was.y) < STILL) was.target.click();
});
