// A drawing for decisions whose file has none: what a decision needs stands below it.
const MODEL = /xmlns(?::(\w+))?="https?:\/\/www\.omg\.org\/spec\/DMN\/\d+\/MODEL\/"/;
const SPACES = {
  yzdmndi: "https://www.omg.org/spec/DMN/20191111/DMNDI/",
  yzdc: "http://www.omg.org/spec/DMN/20180521/DC/",
  yzdi: "http://www.omg.org/spec/DMN/20180521/DI/",
};
const [WIDTH, HEIGHT, ACROSS, DOWN] = [180, 80, 220, 160];

const quoted = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

/** The XML with a drawing, for the editor alone: none of it is kept (xml_text.js keeps what differs from it). */
export function laidOut(xml) {
  if (/:?DMNDI[\s>]/.test(xml) || !MODEL.test(xml)) return xml;
  const tree = new DOMParser().parseFromString(xml, "application/xml");
  const all = [...tree.documentElement.children].filter((one) => one.id);
  const drawn = all.filter((one) => ["decision", "inputData", "businessKnowledgeModel", "knowledgeSource"].includes(one.localName));
  const needs = new Map();
  for (const one of drawn)
    needs.set(
      one.id,
      [...one.children]
        .filter((child) => child.localName.endsWith("Requirement"))
        .flatMap((edge) => [...edge.children].map((end) => ({ edge: edge.id, to: (end.getAttribute("href") ?? "").slice(1) }))),
    );
  const level = (id, seen = []) =>
    seen.includes(id) ? 0 : Math.max(0, ...(needs.get(id) ?? []).map(({ to }) => (needs.has(to) ? 1 + level(to, [...seen, id]) : 0)));
  const levels = new Map(drawn.map((one) => [one.id, level(one.id)]));
  const highest = Math.max(0, ...levels.values());
  const across = new Map();
  const places = new Map();
  for (const { id } of drawn) {
    const at = levels.get(id);
    const n = across.get(at) ?? 0;
    across.set(at, n + 1);
    places.set(id, { x: 100 + n * ACROSS, y: 80 + (highest - at) * DOWN });
  }
  const shapes = drawn.map(({ id }, n) => {
    const { x, y } = places.get(id);
    return `<yzdmndi:DMNShape id="yz_shape_${n}" dmnElementRef="${quoted(id)}"><yzdc:Bounds height="${HEIGHT}" width="${WIDTH}" x="${x}" y="${y}"/></yzdmndi:DMNShape>`;
  });
  const edges = drawn.flatMap(({ id }) =>
    needs.get(id).flatMap(({ edge, to }) => {
      const [from, end] = [places.get(to), places.get(id)];
      if (!edge || !from) return [];
      return `<yzdmndi:DMNEdge id="yz_edge_${quoted(edge)}" dmnElementRef="${quoted(edge)}"><yzdi:waypoint x="${from.x + WIDTH / 2}" y="${from.y}"/><yzdi:waypoint x="${end.x + WIDTH / 2}" y="${end.y + HEIGHT}"/></yzdmndi:DMNEdge>`;
    }),
  );
  const drawing = `<yzdmndi:DMNDI><yzdmndi:DMNDiagram id="yz_drawing">${[...shapes, ...edges].join("")}</yzdmndi:DMNDiagram></yzdmndi:DMNDI>`;
  const spaces = Object.entries(SPACES).map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`).join("");
  const name = tree.documentElement.nodeName;
  return xml.replace(new RegExp(`<${name}(?=[\\s>])`), (open) => open + spaces).replace(new RegExp(`</${name}>(?![\\s\\S]*</${name}>)`), (end) => drawing + end);
}
