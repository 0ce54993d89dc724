// An XML text with some of it changed: what was not changed stays character for character as it was written.
//
// As for JSON (json_text.js) three are compared: the text, what the editor wrote of it right after it had read it
// (`base`), and what it writes now. Blanks, quotes, the order of attributes and parts, and what the editor does not know
// stay as they are in the text; what it adds by itself is not taken over.

const NAME = /[^\s/>=]+/y;

/** The elements of a text with where they stand. A text that is not well-formed throws. */
function parse(text) {
  let at = 0;
  const until = (end) => {
    const found = text.indexOf(end, at);
    if (found < 0) throw new Error(end);
    at = found + end.length;
  };
  const name = () => {
    NAME.lastIndex = at;
    const found = NAME.exec(text);
    if (!found) throw new Error(String(at));
    at += found[0].length;
    return found[0];
  };
  const blank = () => {
    while (/\s/.test(text[at] ?? "")) at += 1;
  };
  function element() {
    const node = { start: at, attributes: [], parts: [] };
    at += 1;
    node.name = name();
    for (;;) {
      node.openEnd = at;
      blank();
      if (text.startsWith("/>", at)) {
        at += 2;
        return { ...node, closed: true, end: at, bodyStart: at, bodyEnd: at };
      }
      if (text[at] === ">") break;
      const start = at;
      const key = name();
      blank();
      at += 1; // =
      blank();
      const quote = text[at];
      const from = at + 1;
      at = from;
      until(quote);
      node.attributes.push({ key, start, end: at, from, value: text.slice(from, at - 1), quote });
    }
    at += 1;
    node.bodyStart = at;
    while (!text.startsWith("</", at)) {
      if (at >= text.length) throw new Error(node.name);
      if (text.startsWith("<!--", at)) until("-->");
      else if (text.startsWith("<![CDATA[", at)) until("]]>");
      else if (text.startsWith("<?", at)) until("?>");
      else if (text[at] === "<") node.parts.push(element());
      else at = text.indexOf("<", at) < 0 ? text.length : text.indexOf("<", at);
    }
    node.bodyEnd = at;
    until(">");
    node.end = at;
    return node;
  }
  for (;;) {
    blank();
    if (text.startsWith("<?", at)) until("?>");
    else if (text.startsWith("<!--", at)) until("-->");
    else if (text.startsWith("<!", at)) throw new Error("DOCTYPE");
    else return element();
  }
}

const id = (node) => node.attributes.find((one) => one.key === "id")?.value;
const value = (node, key) => node.attributes.find((one) => one.key === key)?.value;
const plain = (raw) =>
  raw
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_whole, inner) => inner.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"))
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#3[49];|&apos;/g, (one) => (one === "&#34;" ? '"' : "'"));

/** What an element says, whatever its blanks and quotes. */
function meaning(node, text) {
  const attributes = node.attributes.map((one) => `${one.key}=${plain(one.value)}`).sort();
  const inner = node.parts.length ? node.parts.map((one) => meaning(one, text)) : plain(text.slice(node.bodyStart, node.bodyEnd)).trim();
  return JSON.stringify([node.name, attributes, inner]);
}

/** For each of `ours` the one of `theirs` that is meant: by its id, else the next of its name without one. */
function pairs(ours, theirs) {
  const left = new Set(theirs);
  const found = new Map();
  for (const one of ours) {
    const own = id(one);
    const other = own === undefined ? undefined : theirs.find((each) => left.has(each) && each.name === one.name && id(each) === own);
    if (!other) continue;
    left.delete(other);
    found.set(one, other);
  }
  for (const one of ours) {
    if (found.has(one) || id(one) !== undefined) continue;
    const other = theirs.find((each) => left.has(each) && each.name === one.name && id(each) === undefined);
    if (!other) continue;
    left.delete(other);
    found.set(one, other);
  }
  return found;
}

/** `text` with what changed from `base` to `now`, all three XML. */
export function changed(text, base, now) {
  if (base === now) return text;
  const [root, was, is] = [text, base, now].map(parse);
  if (root.name !== was.name || was.name !== is.name) return now; // another file than the one that was read
  const slice = (node) => text.slice(node.start, node.end);
  const indentAt = (place) => /[^\n]*$/.exec(text.slice(0, place))[0];

  /** The editor's own writing of an element, as deep as `blanks` say, or on one line. */
  function fresh(node, blanks) {
    const written = now.slice(node.start, node.end);
    const own = /[^\n]*$/.exec(now.slice(0, node.start))[0];
    if (!blanks.includes("\n")) return written.includes("<![CDATA[") ? written : written.replace(/>\s+</g, "><");
    const depth = /[^\n]*$/.exec(blanks)[0];
    return written.split("\n").map((line, at) => (at ? depth + (line.startsWith(own) ? line.slice(own.length) : line) : line)).join("\n");
  }

  function open(node, before, after) {
    let out = "";
    let at = node.start;
    for (const one of node.attributes) {
      const [old, next] = [value(before, one.key), value(after, one.key)];
      if (next === undefined && old !== undefined) {
        out += text.slice(at, one.start).replace(/\s+$/, "");
        at = one.end;
      } else if (next !== undefined && next !== old) {
        out += text.slice(at, one.from) + (one.quote === "'" ? next.replace(/'/g, "&apos;") : next);
        at = one.end - 1;
      }
    }
    out += text.slice(at, node.openEnd);
    for (const one of after.attributes)
      if (value(node, one.key) === undefined && value(before, one.key) !== one.value) out += ` ${one.key}="${one.value}"`;
    return out;
  }

  function write(node, before, after) {
    if (meaning(before, base) === meaning(after, now)) return slice(node);
    const start = open(node, before, after);
    const body = node.parts.length || after.parts.length ? inner(node, before, after) : leaf(node, before, after);
    if (node.closed && body === "") return `${start}${text.slice(node.openEnd, node.end)}`;
    if (node.closed) return `${start.trimEnd()}>${body}</${node.name}>`;
    return `${start}${text.slice(node.openEnd, node.bodyStart)}${body}${text.slice(node.bodyEnd, node.end)}`;
  }

  function leaf(node, before, after) {
    const [old, next] = [base.slice(before.bodyStart, before.bodyEnd), now.slice(after.bodyStart, after.bodyEnd)];
    return plain(old) === plain(next) ? text.slice(node.bodyStart, node.bodyEnd) : next;
  }

  function inner(node, before, after) {
    const ours = pairs(node.parts, before.parts); // the text's -> the editor's of before
    const origin = new Map([...ours].map(([one, other]) => [other, one]));
    const source = pairs(after.parts, before.parts); // the editor's now -> the editor's of before
    const still = new Set(source.values());
    const gone = (part) => ours.has(part) && !still.has(ours.get(part));
    // What the editor added by itself when it read the file is not in the text, and stays out of it.
    const stands = after.parts.filter((part) => !source.has(part) || origin.has(source.get(part)));
    const made = (part) => {
      const old = source.get(part);
      return old ? write(origin.get(old), old, part) : undefined;
    };
    // Among those of one name the editor's order counts; where each name stands is the text's.
    const queues = new Map();
    for (const part of stands) queues.set(part.name, [...(queues.get(part.name) ?? []), part]);
    const slots = node.parts.filter((part) => !gone(part));
    const last = new Map(slots.filter((part) => ours.has(part)).map((part) => [part.name, part]));
    let out = "";
    let at = node.bodyStart;
    const blanksBefore = (part) => /\s*$/.exec(text.slice(at, part.start))[0];
    const first = node.parts[0];
    const usual = first ? /\s*$/.exec(text.slice(node.bodyStart, first.start))[0] : `\n${indentAt(node.start).replace(/\S.*$/, "")}  `;
    // Parts of a name that the text has none of: after what stands before them, or first.
    const strays = new Map();
    stands.forEach((part, index) => {
      if (last.has(part.name)) return;
      const earlier = stands.slice(0, index).reverse().find((one) => last.has(one.name));
      const place = earlier ? last.get(earlier.name) : null;
      strays.set(place, [...(strays.get(place) ?? []), part]);
    });
    for (const part of strays.get(null) ?? []) out += usual + fresh(part, usual);
    for (const part of node.parts) {
      const blanks = blanksBefore(part);
      if (gone(part)) {
        out += text.slice(at, part.start).replace(/\s+$/, "");
        at = part.end;
        continue;
      }
      out += text.slice(at, part.start);
      at = part.end;
      if (!ours.has(part)) {
        out += slice(part); // the editor does not know it
        continue;
      }
      const queue = queues.get(part.name) ?? [];
      while (queue.length && !source.has(queue[0])) out += fresh(queue.shift(), blanks) + (blanks || "");
      const next = queue.shift();
      out += next ? made(next) : "";
      if (last.get(part.name) !== part) continue;
      for (const left of queue.splice(0)) out += blanks + (made(left) ?? fresh(left, blanks));
      for (const stray of strays.get(part) ?? []) out += blanks + fresh(stray, blanks);
    }
    const end = text.slice(at, node.bodyEnd);
    if (!first && stands.length) return `${out}\n${indentAt(node.start).replace(/\S.*$/, "")}`;
    return out + end;
  }

  return text.slice(0, root.start) + write(root, was, is) + text.slice(root.end);
}
