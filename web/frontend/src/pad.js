// The pad on which somebody signs: a canvas of 600 x 200 whose answer is the pen's path, "M12 30 L13 31 …".
export const WIDTH = 600;
export const HEIGHT = 200;
const LONGEST = 20000;

/** Show a path, or an empty pad. */
export function draw(canvas, path) {
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, WIDTH, HEIGHT);
  pen.lineWidth = 4;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.strokeStyle = "#111";
  if (path) pen.stroke(new Path2D(path));
}

/** Take what is drawn: `changed` gets the whole path after each stroke. Returns what stops it. */
export function listen(canvas, path, changed) {
  const pen = canvas.getContext("2d");
  let stroke = null;
  let kept = path;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.round(((event.clientX - box.left) * WIDTH) / box.width);
    const y = Math.round(((event.clientY - box.top) * HEIGHT) / box.height);
    return [Math.min(WIDTH, Math.max(0, x)), Math.min(HEIGHT, Math.max(0, y))];
  };
  const down = (event) => {
    event.preventDefault();
    canvas.focus();
    canvas.setPointerCapture(event.pointerId);
    const [x, y] = at(event);
    stroke = `M${x} ${y}`;
    pen.beginPath();
    pen.moveTo(x, y);
  };
  const on = (event) => {
    if (stroke === null) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const [x, y] = at(each);
      stroke += ` L${x} ${y}`;
      pen.lineTo(x, y);
    }
    pen.stroke();
  };
  const up = () => {
    if (stroke === null) return;
    if (stroke.includes("L") && kept.length + stroke.length < LONGEST) {
      kept = kept ? `${kept} ${stroke}` : stroke;
      changed(kept);
    }
    stroke = null;
  };
  const events = { pointerdown: down, pointermove: on, pointerup: up, pointercancel: up };
  for (const [name, call] of Object.entries(events)) canvas.addEventListener(name, call);
  return () => {
    for (const [name, call] of Object.entries(events)) canvas.removeEventListener(name, call);
  };
}
