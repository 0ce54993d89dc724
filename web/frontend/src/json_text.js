// A JSON text with some of its values changed: what was not changed stays character for character as it was written.
//
// An editor hands back its own view of a file: keys in another order, values it adds by itself. So three are compared:
// the text, what the editor made of it (`base`) and what the editor says now; only what differs between the last two is
// written.

const same = (one, other) => one === other || (isTree(one) && isTree(other) && sameTrees(one, other));
const isTree = (value) => typeof value === "object" && value !== null;
const isRecord = (value) => isTree(value) && !Array.isArray(value);
const has = (record, key) => isRecord(record) && record[key] !== undefined;

function sameTrees(one, other) {
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = (tree) => Object.keys(tree).filter((key) => tree[key] !== undefined);
  const [ours, theirs] = [keys(one), keys(other)];
  return ours.length === theirs.length && ours.every((key) => same(one[key], other[key]));
}

/** The values of a JSON text with where each of them stands: {start, end, entries | items | value}. */
function parse(text) {
  let at = 0;
  const blank = () => {
    while (" \t\r\n".includes(text[at]) && at < text.length) at += 1;
  };
  const literal = () => {
    const found = /^(?:"(?:[^"\\]|\\.)*"|[^\s,\]}]+)/.exec(text.slice(at));
    at += found[0].length;
    return JSON.parse(found[0]);
  };
  function node() {
    blank();
    const start = at;
    if (text[at] === "{") {
      const entries = [];
      at += 1;
      blank();
      while (text[at] !== "}") {
        const keyAt = at;
        const key = literal();
        blank();
        at += 1; // :
        entries.push({ key, keyAt, node: node() });
        blank();
        if (text[at] === ",") at += 1;
        blank();
      }
      at += 1;
      return { start, end: at, entries };
    }
    if (text[at] === "[") {
      const items = [];
      at += 1;
      blank();
      while (text[at] !== "]") {
        items.push(node());
        blank();
        if (text[at] === ",") at += 1;
        blank();
      }
      at += 1;
      return { start, end: at, items };
    }
    const value = literal();
    return { start, end: at, value };
  }
  JSON.parse(text); // says what is wrong, where the reader above would run astray
  return node();
}

/** `text` with what changed from `base` to `now`. */
export function changed(text, base, now) {
  const root = parse(text);
  const slice = (node) => text.slice(node.start, node.end);

  // a component that moved to another list is found by its id
  const known = new Map();
  (function gather(node, was) {
    if (isRecord(was) && typeof was.id === "string" && node?.entries) known.set(was.id, { node, was });
    if (node?.items && Array.isArray(was)) for (const [index, item] of node.items.entries()) gather(item, was[index]);
    for (const entry of node?.entries ?? []) if (isTree(was?.[entry.key])) gather(entry.node, was[entry.key]);
  })(root, base);

  const indentAt = (place) => /[^\n]*$/.exec(text.slice(0, place))[0].match(/^\s*/)[0];
  const fresh = (value, indent, inline) => {
    const made = JSON.stringify(value, null, inline ? 1 : 2);
    if (inline) return made.replace(/\n\s*/g, " ").replace(/^([{[]) /, "$1").replace(/ ([}\]])$/, "$1");
    return made.replaceAll("\n", `\n${indent}`);
  };

  /** The parts of an object or a list, set beside each other as those of `node` were. */
  function together(node, parts, places) {
    const [open, close] = node.entries ? ["{", "}"] : ["[", "]"];
    if (!parts.length) return open + close;
    const outer = indentAt(node.start);
    let [before, between, after] = [`\n${outer}  `, `,\n${outer}  `, `\n${outer}`];
    if (places.length) {
      const [first, last] = [places[0], places[places.length - 1]];
      before = text.slice(node.start + 1, first[0]);
      after = text.slice(last[1], node.end - 1);
      between = places.length > 1 ? text.slice(first[1], places[1][0]) : `,${before || " "}`;
    }
    return open + before + parts.join(between) + after + close;
  }

  function object(node, was, value) {
    const kept = node.entries.filter((one) => has(value, one.key) || !has(was, one.key));
    const added = Object.keys(value).filter(
      (key) =>
        has(value, key) &&
        !node.entries.some((one) => one.key === key) &&
        !(has(was, key) && same(was[key], value[key])), // the editor's own default, which the file does without
    );
    const written = kept.map((one) =>
      has(value, one.key) ? write(one.node, was?.[one.key], value[one.key]) : slice(one.node),
    );
    const places = node.entries.map((one) => [one.keyAt, one.node.end]);
    if (!added.length && kept.length === node.entries.length) return inPlace(node, kept.map((one) => one.node), written);
    const inline = places.length > 0 && !text.slice(node.start, places[0][0]).includes("\n");
    const indent = places.length ? indentAt(places[0][0]) : `${indentAt(node.start)}  `;
    const parts = kept.map((one, index) => text.slice(one.keyAt, one.node.start) + written[index]);
    for (const key of added) parts.push(`${JSON.stringify(key)}: ${fresh(value[key], indent, inline)}`);
    return together(node, parts, places);
  }

  function list(node, was, value) {
    const inline = node.items.length > 0 && !text.slice(node.start, node.items[0].start).includes("\n");
    const indent = node.items.length ? indentAt(node.items[0].start) : `${indentAt(node.start)}  `;
    const left = new Set(was.keys());
    const place = (item, index) => {
      const found = isRecord(item) && item.id
        ? was.findIndex((one, at) => left.has(at) && one?.id === item.id)
        : was.findIndex((one, at) => left.has(at) && same(one, item));
      if (found >= 0) left.delete(found);
      return { item, index, found };
    };
    const parts = value.map(place).map(({ item, index, found }) => {
      let at = found;
      // what is changed and has no name of its own: the one that stood here, if nobody else is it
      if (at < 0 && !item?.id && left.has(index) && value.length === was.length) {
        left.delete(index);
        at = index;
      }
      if (at >= 0 && node.items[at]) return write(node.items[at], was[at], item);
      const moved = isRecord(item) && known.get(item.id);
      if (moved && indentAt(moved.node.start) === indent) return write(moved.node, moved.was, item);
      return fresh(item, indent, inline);
    });
    const places = node.items.map((one) => [one.start, one.end]);
    return together(node, parts, places);
  }

  /** `node` with other values at the same places. */
  function inPlace(node, nodes, written) {
    let out = "";
    let at = node.start;
    nodes.forEach((one, index) => {
      out += text.slice(at, one.start) + written[index];
      at = one.end;
    });
    return out + text.slice(at, node.end);
  }

  function write(node, was, value) {
    if (same(was, value)) return slice(node);
    if (node.entries && isRecord(value)) return object(node, was, value);
    if (node.items && Array.isArray(value) && Array.isArray(was) && was.length === node.items.length)
      return list(node, was, value);
    const inline = !slice(node).includes("\n") && node.items !== undefined && node.items.length > 0;
    return fresh(value, indentAt(node.start), inline);
  }

  return text.slice(0, root.start) + write(root, base, now) + text.slice(root.end);
}
