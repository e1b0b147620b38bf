// Histograms of the cells that are shown, and who was taken for whom.

/** Scores from 0 to 1, and latencies, whose steps are equal ratios. Where two sides are compared, the other one is the line. */
function charts(view) {
  const figures = [];
  const paired = comparison ? view.flatMap((cell) => (cell.before ? [cell.before] : [])) : [];
  const range = (cells, of) => {
    let min = Infinity, max = -Infinity;
    for (const cell of cells) { min = Math.min(min, of(cell)); max = Math.max(max, of(cell)); }
    return { min, max };
  };
  const scored = (cells) => cells.filter((cell) => cell.score !== null);
  if (scored(view).length > 0) {
    figures.push(histogram(`Scores of ${count(scored(view).length, 'cell')}`, scored(view), scored(paired), 20, (cell) => cell.score, (edge) => edge.toFixed(2), { min: 0, max: 1 }));
  }
  const timed = (cells) => cells.filter((cell) => cell.latency_ms > 0);
  if (timed(view).length > 1) {
    const { min, max } = range([...timed(view), ...timed(paired)], (cell) => cell.latency_ms);
    figures.push(histogram(`Latency of ${count(timed(view).length, 'cell')}`, timed(view), timed(paired), 24, (cell) => Math.log(cell.latency_ms), (edge) => duration(Math.exp(edge)), { min: Math.log(min), max: Math.log(max * 1.0001) }));
  }
  byId('charts').replaceChildren(...figures);
}

function histogram(caption, among, earlier, bins, value, label, { min, max }) {
  const width = 480, height = 110, left = 40, bottom = 18, top = 6;
  const place = (cell) => Math.min(bins - 1, Math.max(0, Math.floor(((value(cell) - min) / (max - min || 1)) * bins)));
  const heights = Array.from({ length: bins }, () => ({ pass: 0, fail: 0, other: 0, before: 0 }));
  for (const cell of among) heights[place(cell)][cell.state === 'pass' || cell.state === 'fail' ? cell.state : 'other'] += 1;
  for (const cell of earlier) heights[place(cell)].before += 1;
  const tallest = Math.max(...heights.map((bin) => Math.max(bin.pass + bin.fail + bin.other, bin.before)));
  const plot = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': caption });
  const step = (width - left) / bins, room = height - bottom - top;
  const text = (x, y, anchor, said) => { const node = svg('text', { x, y, 'text-anchor': anchor }); node.textContent = said; return node; };
  // What is there is seen, however little it is.
  const high = (n) => (n === 0 ? 0 : Math.max(1, (n / tallest) * room));
  plot.append(svg('line', { class: 'axis', x1: left, x2: width, y1: height - bottom, y2: height - bottom }));
  plot.append(text(left - 6, top + 8, 'end', tallest.toLocaleString('en')), text(left - 6, height - bottom, 'end', '0'));
  let line = '';
  const hits = heights.map((bin, index) => {
    let y = height - bottom;
    for (const name of ['pass', 'fail', 'other']) {
      y -= high(bin[name]);
      if (bin[name] > 0) plot.append(svg('rect', { class: name, x: left + index * step + 1, y, width: step - 2, height: high(bin[name]) }));
    }
    const level = height - bottom - high(bin.before);
    line += `${index === 0 ? 'M' : 'L'}${left + index * step} ${level}H${left + (index + 1) * step}`;
    const [from, to] = [index, index + 1].map((edge) => label(min + ((max - min) * edge) / bins));
    const title = svg('title', {});
    title.textContent = `${from} to ${to}: ${bin.pass} pass, ${bin.fail} fail${bin.other ? `, ${bin.other} other` : ''}${earlier.length > 0 ? `; before ${bin.before}` : ''}`;
    return svg('rect', { class: 'hit', x: left + index * step, y: top, width: step, height: room }, title);
  });
  if (earlier.length > 0) plot.append(svg('path', { class: 'before', d: line }));
  plot.append(...hits);
  for (const [share, anchor] of [[0, 'start'], [0.5, 'middle'], [1, 'end']]) plot.append(text(left + share * (width - left), height - 4, anchor, label(min + (max - min) * share)));
  const legend = earlier.length > 0 ? el('span', { class: 'legend' }, el('i', { class: 'bars' }), ' after ', el('i', { class: 'line' }), ' before') : null;
  return el('figure', { class: 'card' }, el('figcaption', {}, caption, legend), plot);
}

/** Labels up to which a matrix can be read. */
const READABLE = 16;
const fold = (label) => label.toLowerCase();
const NO_LABEL = '∅';

/** The labels of some cells under a metric: `counts` by expected label and label of the answer, both folded. */
function confusion(cells, metric) {
  const counts = new Map(), names = new Map();
  let n = 0, right = 0;
  for (const cell of cells) {
    for (const [name, expected, predicted] of cell.labels || []) {
      if (name !== metric) continue;
      names.set(fold(expected), expected);
      const key = JSON.stringify([fold(expected), predicted === null ? null : fold(predicted)]);
      counts.set(key, (counts.get(key) || 0) + 1);
      n += 1;
      right += predicted !== null && fold(expected) === fold(predicted);
    }
  }
  const of = (expected, predicted) => counts.get(JSON.stringify([expected, predicted])) || 0;
  const answered = (expected) => [...counts].reduce((sum, [key, n]) => (JSON.parse(key)[0] === expected ? sum + n : sum), 0);
  return { names, counts, n, right, of, answered };
}

/** The label that a cell was given under a metric; an answer that no case expects is none. */
function taken(cell, metric, classes) {
  const found = (cell.labels || []).find(([name]) => name === metric);
  if (!found) return null;
  const predicted = found[2] === null || !classes.includes(fold(found[2])) ? null : fold(found[2]);
  return [fold(found[1]), predicted];
}

/** Whether a cell is one of a field of a matrix: `[side, metric, expected, label of the answer or null, classes]`. */
function isTaken(cell, wanted) {
  const [side, metric, expected, predicted, classes] = JSON.parse(wanted);
  const looked = side === 'before' ? cell.before : cell;
  const found = looked && taken(looked, metric, classes);
  return Boolean(found) && found[0] === expected && found[1] === predicted;
}

function confusions() {
  const sections = columns.flatMap((column) => {
    const own = cells.filter((cell) => cell.suite === column.suite && cell.prompt === column.prompt && cell.model === column.model);
    const metrics = unique(own.flatMap((cell) => (cell.labels || []).map(([name]) => name)));
    return metrics.map((metric) => {
      const sides = [['after', confusion(own, metric)]];
      const earlier = own.flatMap((cell) => (cell.before && cell.before.labels ? [cell.before] : []));
      if (earlier.length > 0) sides.unshift(['before', confusion(earlier, metric)]);
      const name = [several.suite && column.suite, several.prompt && column.prompt, several.model && column.model, metric].filter(Boolean).join(' · ');
      const names = new Map(sides.flatMap(([, found]) => [...found.names]));
      const classes = [...names.keys()].sort(collator.compare);
      const only = { suite: several.suite ? column.suite : '', prompt: several.prompt ? column.prompt : '', model: several.model ? column.model : '' };
      const draw = ([side, found]) => matrix(sides.length > 1 ? side : '', found, classes, names, metric, (expected, predicted) => {
        filterBy({ ...only, label: JSON.stringify([side, metric, expected, predicted, classes]) });
        byId('cases').scrollIntoView();
      });
      return [el('h3', {}, name), el('div', { class: 'sides' }, classes.length > READABLE ? pairsOf(sides, names) : sides.map(draw))];
    });
  });
  if (sections.length > 0) byId('labels').replaceChildren(el('h2', { id: 'labels-title' }, 'Labels'), ...sections.flat());
}

const rightly = ({ n, right }) => `${percent(right / Math.max(1, n))} right, n = ${n.toLocaleString('en')}`;

function matrix(side, found, classes, names, metric, show) {
  const strangers = (row) => found.answered(row) - classes.reduce((sum, other) => sum + found.of(row, other), 0);
  const invalid = classes.some((row) => strangers(row) > 0);
  const field = (row, other, n) => {
    const cell = el('td', { class: `number ${row === other ? 'right' : 'wrong'}` }, n === 0 ? '' : el('button', { class: 'plain', title: `expected ${names.get(row)}, answered ${other === null ? 'none of them' : names.get(other)}: show the cases`, on: { click: () => show(row, other) } }, n.toLocaleString('en')));
    cell.style.setProperty('--share', (n / Math.max(1, found.answered(row))).toFixed(3));
    return cell;
  };
  const recall = (row) => (found.answered(row) === 0 ? '' : percent(found.of(row, row) / found.answered(row)));
  const name = (label) => { const text = shown(names.get(label)); return text; };
  return el('figure', { class: 'card scroll matrix' },
    el('figcaption', {}, side ? `${side}: ` : '', rightly(found)),
    el('table', {},
      el('thead', {}, el('tr', {}, el('th', { scope: 'col', class: 'soft' }, 'expected ↓ answered →'), classes.map((label) => el('th', { scope: 'col', class: 'number' }, name(label))), invalid ? el('th', { scope: 'col', class: 'number', title: 'none of the labels' }, NO_LABEL) : null, el('th', { scope: 'col', class: 'number' }, 'recall'))),
      el('tbody', {}, classes.map((row) => el('tr', {}, el('th', { scope: 'row' }, name(row)), classes.map((other) => field(row, other, found.of(row, other))), invalid ? field(row, null, strangers(row)) : null, el('td', { class: 'number soft' }, recall(row)))))));
}

/** Of many labels, what is taken for what most often. */
function pairsOf(sides, names) {
  const keys = unique(sides.flatMap(([, { counts }]) => [...counts.keys()])).filter((key) => JSON.parse(key)[0] !== JSON.parse(key)[1]);
  const n = (key) => sides.map(([, { counts }]) => counts.get(key) || 0);
  const sorted = keys.sort((a, b) => Math.max(...n(b)) - Math.max(...n(a)) || collator.compare(a, b)).slice(0, 20);
  const name = (label) => (label === null ? NO_LABEL : names.get(label) || label);
  return el('figure', { class: 'card scroll matrix' },
    el('figcaption', {}, sides.map(([side, found]) => `${sides.length > 1 ? `${side}: ` : ''}${rightly(found)}`).join(' · ')),
    el('table', {},
      el('thead', {}, el('tr', {}, ['expected', 'answered'].map((head) => el('th', { scope: 'col' }, head)), sides.map(([side]) => el('th', { scope: 'col', class: 'number' }, sides.length > 1 ? side : 'cells')))),
      el('tbody', {}, sorted.map((key) => el('tr', {}, JSON.parse(key).map((label) => el('td', {}, shown(name(label)))), n(key).map((count) => el('td', { class: 'number' }, count.toLocaleString('en'))))))));
}
