// The data of the page, and the few helpers that everything else uses. Text reaches the document through `textContent`
// alone, so no answer can become markup.
'use strict';

const byId = (id) => document.getElementById(id);

/**
 * `run` is what `pf eval --format json` prints; none on the page of two saved runs. `said` is each pair of columns of the
 * comparison in words. A column that is `against` another is of the other side.
 */
const { run, comparison: ofRuns, said, columns: allColumns } = JSON.parse(byId('run').textContent);
const columns = allColumns.filter((column) => column.against === undefined);

/** The other version, where the run is compared with one; and what `pf compare --format json` prints of it. */
const against = (run && run.against) || null;
const comparison = ofRuns || (against && against.comparison) || null;

/** Two lines a cell: what the table shows, and the whole cell, which is parsed when it is looked at. */
const lines = byId('cells').textContent.trim().split('\n').filter((line) => line !== '');
byId('cells').remove();

const cells = [];
{
  const earlier = new Map();
  const key = (column, cell) => JSON.stringify([column, cell.case, cell.repeat]);
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const cell = JSON.parse(lines[i]);
    const { suite, prompt, model, against: rival } = allColumns[cell.column];
    Object.assign(cell, { suite, prompt, model, at: i + 1 });
    if (rival !== undefined) earlier.set(key(rival, cell), cell);
    else {
      cell.number = cells.length;
      cells.push(cell);
    }
  }
  for (const cell of cells) {
    cell.before = earlier.get(key(cell.column, cell)) || null;
    cell.change = change(cell);
    cell.flip = flipped(cell) ? `${cell.before.state} to ${cell.state}` : '';
  }
}
const NOTHING = { output: null, expected: null, variables: {}, messages: null, error: null, assertions: [], usage: null };
const whole = (cell) => ({ ...NOTHING, ...JSON.parse(lines[cell.at]) });

/** What became of a cell in comparison with the other side. */
function change(cell) {
  const { before } = cell;
  if (!before) return 'not compared';
  const decided = ({ state }) => state === 'pass' || state === 'fail';
  if (!decided(before) || !decided(cell)) return 'undecided';
  if (before.state !== cell.state) return cell.state === 'fail' ? 'worse' : 'better';
  const difference = scoreChange(cell);
  return Math.abs(difference) < 1e-9 ? 'same' : difference < 0 ? 'worse' : 'better';
}
function scoreChange({ before, score }) {
  return !before || before.score === null || score === null ? 0 : score - before.score;
}
function flipped({ before, state, change }) {
  return before !== null && before.state !== state && change !== 'undecided';
}

/** What a reviewer asks about first: what fails now, what passes now, what has another score. */
function urgency(cell) {
  if (cell.flip) return cell.change === 'worse' ? 0 : 1;
  if (cell.change === 'worse' || cell.change === 'better') return 3 - Math.abs(scoreChange(cell));
  return { undecided: 4, same: 5 }[cell.change] || 6;
}

/** The cells of one case: on other models, by other prompts, asked again. */
const byCase = new Map();
for (const cell of cells) {
  const key = JSON.stringify([cell.suite, cell.case]);
  if (!byCase.has(key)) byCase.set(key, []);
  byCase.get(key).push(cell);
}
const sameCase = (cell) => byCase.get(JSON.stringify([cell.suite, cell.case]));

const unique = (values) => [...new Set(values)];
const several = {
  suite: unique(columns.map((column) => column.suite)).length > 1,
  prompt: unique(columns.map((column) => column.prompt)).length > 1,
  model: unique(columns.map((column) => column.model)).length > 1,
  repeat: cells.some((cell) => cell.repeat > 1),
};
const CHANGES = ['pass to fail', 'fail to pass', 'worse', 'better', 'same', 'undecided', 'not compared'];

const WORDS = { not_run: 'not run' };
const STATES = ['fail', 'error', 'unscored', 'not_run', 'skipped', 'pass'];
const word = (state) => WORDS[state] || state;
const caseName = (cell) => (several.repeat ? `${cell.case} #${cell.repeat}` : cell.case);

/** An element with properties and children; a child that is text stays text. */
function el(name, properties, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key === 'class') node.className = value;
    else if (key === 'on') for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function svg(name, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** A value on both sides: once, where it is the same or known on one side only. */
const both = (before, after) => (before === '' || before === null || before === undefined || before === after ? after : `${before} → ${after === '' ? 'none' : after}`);
const states = (cell) => (cell.before && cell.before.state !== cell.state ? [state(cell.before.state), ' → ', state(cell.state)] : [state(cell.state)]);
const state = (name) => el('span', { class: `state ${name}` }, word(name));
const count = (n, what) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
/** With one decimal; what lies in the middle goes to the even one, as in every other output of pf. */
const tenths = (value) => ((value * 10) % 1 === 0.5 && Math.floor(value * 10) % 2 === 0 ? Math.floor(value * 10) / 10 : value).toFixed(1);
const percent = (share) => `${tenths(share * 100)} %`;
const dollars = (cost) => (cost === null || cost === undefined ? '' : `$${cost < 0.01 ? cost.toPrecision(2) : cost.toFixed(4)}`);
const number = (value) => (value === null || value === undefined ? '' : String(+value.toFixed(4)));
function duration(ms) {
  if (ms === null || ms === undefined) return '';
  return ms < 1000 ? `${+ms.toPrecision(3)} ms` : `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
}

/** Text with what cannot be seen made visible: controls, direction marks, invisible format characters. */
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
function shown(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(INVISIBLE)) {
    if (match[0] === '\r' && text[match.index + 1] === '\n') continue;
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
    parts.push(text.slice(from, match.index), el('span', { class: 'invisible' }, `U+${code}`));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}
