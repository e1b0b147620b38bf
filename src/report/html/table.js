// The table of cases: filters, order, and only those rows in the document that can be seen, so that its length costs nothing.

const EMPTY = { q: '', change: '', state: '', label: '', suite: '', prompt: '', model: '', tag: '', metric: '', sort: '' };
const filters = { ...EMPTY };
let view = cells;
let chosen = -1;

const texts = new Array(cells.length).fill(undefined);
/** Everything of a cell that the search looks at, in lower case, once it is asked for. */
function searchable(cell) {
  if (texts[cell.number] === undefined) {
    const { case: id, output, expected, error, variables, assertions } = whole(cell);
    const plain = (value) => (typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value));
    const earlier = cell.before ? whole(cell.before) : {};
    texts[cell.number] = [id, earlier.output, earlier.error, output, expected, error, ...Object.values(variables).map(plain), ...assertions.map((a) => a.reason)].map(plain).join('\n').toLowerCase();
  }
  return texts[cell.number];
}

/** Gets ready to search while nothing else is to be done, from when the search is first looked at. */
function prepare(from) {
  if (from < 0 || !window.requestIdleCallback) return;
  requestIdleCallback((idle) => {
    let next = from;
    while (next < cells.length && idle.timeRemaining() > 1) searchable(cells[next++]);
    if (next < cells.length) prepare(next);
  });
}

function matches(cell, wanted, except) {
  return (except === 'state' || !wanted.state || cell.state === wanted.state)
    && (except === 'change' || !wanted.change || cell.change === wanted.change || cell.flip === wanted.change)
    && (!wanted.label || isTaken(cell, wanted.label))
    && (!wanted.suite || cell.suite === wanted.suite)
    && (!wanted.prompt || cell.prompt === wanted.prompt)
    && (!wanted.model || cell.model === wanted.model)
    && (!wanted.tag || cell.tags.includes(wanted.tag))
    && (!wanted.metric || cell.failed.includes(wanted.metric));
}

const KEYS = {
  state: (cell) => STATES.indexOf(cell.state), case: (cell) => cell.case, suite: (cell) => cell.suite, prompt: (cell) => cell.prompt,
  model: (cell) => cell.model, why: (cell) => cell.said, score: (cell) => cell.score, latency: (cell) => cell.latency_ms, cost: (cell) => cell.cost_usd,
};
const collator = new Intl.Collator('en', { numeric: true });

/** Without another wish, the order of the plan; where two sides are compared, what has changed first. */
function order(among) {
  if (!filters.sort && !comparison) return among;
  const down = filters.sort.startsWith('-');
  const key = filters.sort ? KEYS[filters.sort.replace(/^-/, '')] : urgency;
  const keyed = among.map((cell) => [key(cell), cell]);
  // What has no value comes last, whichever way.
  keyed.sort(([a, x], [b, y]) => {
    const missing = (a === null || a === undefined) - (b === null || b === undefined);
    if (missing) return missing;
    const difference = typeof a === 'string' ? collator.compare(a, b) : a - b;
    return (down ? -difference : difference) || x.number - y.number;
  });
  return keyed.map(([, cell]) => cell);
}

function filterBy(changes) {
  Object.assign(filters, EMPTY, changes);
  showFilters();
  apply();
}

/** Filters, counts, draws; the address of the page always says what is shown. */
function apply() {
  const query = filters.q.trim().toLowerCase();
  const sought = query ? cells.filter((cell) => searchable(cell).includes(query)) : cells;
  const before = view[chosen];
  view = order(sought.filter((cell) => matches(cell, filters)));
  chosen = before ? view.indexOf(before) : -1;
  for (const key of ['change', 'state']) {
    const others = sought.filter((cell) => matches(cell, filters, key));
    const counts = {};
    const add = (name) => { counts[name] = (counts[name] || 0) + 1; };
    for (const cell of others) {
      add(cell[key]);
      if (key === 'change' && cell.flip) add(cell.flip);
    }
    for (const chip of document.querySelectorAll(`#filters [data-${key}]`)) {
      const name = chip.dataset[key];
      chip.querySelector('b').textContent = (name ? counts[name] || 0 : others.length).toLocaleString('en');
      chip.setAttribute('aria-pressed', String(name === filters[key]));
    }
  }
  byId('shown').textContent = view.length === cells.length ? '' : `${view.length.toLocaleString('en')} of ${cells.length.toLocaleString('en')}`;
  byId('clear').hidden = Object.entries(filters).every(([key, value]) => key === 'sort' || value === '');
  charts(view);
  heads();
  place();
  remember();
}

let typing = 0;
function showFilters() {
  const present = (key, names) => ['', ...names.filter((name) => cells.some((cell) => cell[key] === name || (key === 'change' && cell.flip === name)))];
  const chips = (key, names) => el('div', { class: 'chips', role: 'group', 'aria-label': key }, comparison ? el('span', { class: 'soft' }, key === 'change' ? 'change' : 'state') : null, present(key, names).map((name) => el('button', { [`data-${key}`]: name, on: { click: () => { filters[key] = name; apply(); } } }, name ? word(name) : 'all', ' ', el('b', {}))));
  const set = (key) => (event) => { filters[key] = event.target.value; apply(); };
  const select = (key, all, values) => values.length < (key === 'tag' ? 1 : 2) ? null
    : el('select', { 'aria-label': all, on: { change: set(key) } }, el('option', { value: '' }, all),
      values.map((value) => el('option', { value, selected: value === filters[key] }, key === 'metric' ? `fails ${value}` : value)));
  byId('filters').replaceChildren(...[
    comparison ? chips('change', CHANGES) : null,
    chips('state', STATES),
    el('input', { id: 'search', type: 'search', placeholder: 'Search ids, inputs, answers, reasons  ( / )', 'aria-label': 'Search', value: filters.q,
      on: { focus: () => prepare(texts.findIndex((text) => text === undefined)), input: (event) => { filters.q = event.target.value; clearTimeout(typing); typing = setTimeout(apply, 80); } } }),
    select('suite', 'all suites', unique(columns.map((column) => column.suite))),
    select('prompt', 'all prompts', unique(columns.map((column) => column.prompt))),
    select('model', 'all models', unique(columns.map((column) => column.model))),
    select('tag', 'all tags', unique(cells.flatMap((cell) => cell.tags)).sort(collator.compare)),
    select('metric', 'all assertions', unique(cells.flatMap((cell) => cell.failed)).sort(collator.compare)),
    filters.label ? el('button', { title: 'All labels again', on: { click: () => { filters.label = ''; showFilters(); apply(); } } }, labelled(filters.label), ' ✕') : null,
    el('button', { id: 'clear', hidden: true, on: { click: () => filterBy({}) } }, 'Clear'),
    el('span', { id: 'shown', role: 'status' }),
  ].filter(Boolean));
}

/** What a filter by a field of a matrix says. */
function labelled(wanted) {
  const [side, , expected, predicted] = JSON.parse(wanted);
  return `${comparison ? `${side}: ` : ''}${expected} answered ${predicted === null ? NO_LABEL : predicted}`;
}

/** The columns that have something to say: [key, head, width, class]. */
const COLUMNS = [
  ['state', 'state', comparison ? '132px' : '78px', ''],
  ['case', 'case', 'minmax(90px, 1.2fr)', 'mono'],
  several.suite && ['suite', 'suite', 'minmax(70px, .7fr)', 'wide'],
  several.prompt && ['prompt', 'prompt', 'minmax(80px, .9fr)', 'wide'],
  several.model && ['model', 'model', 'minmax(90px, 1fr)', 'wide'],
  ['why', 'why, or the answer', 'minmax(120px, 3.4fr)', 'why'],
  ['score', 'score', comparison ? '92px' : '58px', 'number'],
  cells.some((cell) => cell.latency_ms) && ['latency', 'latency', comparison ? '148px' : '78px', comparison ? 'number wide fold' : 'number wide'],
  cells.some((cell) => cell.cost_usd !== null) && ['cost', 'cost', comparison ? '158px' : '78px', comparison ? 'number wide fold' : 'number wide'],
].filter(Boolean);
const widths = (columns) => columns.map(([, , width]) => width).join(' ');
byId('grid').style.setProperty('--columns', widths(COLUMNS));
byId('grid').style.setProperty('--columns-open', widths(COLUMNS.filter(([, , , name]) => !name.includes('fold'))));

function heads() {
  byId('head').replaceChildren(el('div', { class: 'row', role: 'row' }, COLUMNS.map(([key, head, , name]) => {
    const sorted = filters.sort.replace(/^-/, '') === key;
    const down = filters.sort.startsWith('-');
    const act = () => { filters.sort = sorted ? (down ? '' : `-${key}`) : key; apply(); };
    return el('div', { class: name.replace('mono', ''), role: 'columnheader', 'aria-sort': sorted ? (down ? 'descending' : 'ascending') : 'none' },
      el('button', { title: `Sort by ${head}`, on: { click: act } }, head, sorted ? (down ? ' ↓' : ' ↑') : ''));
  })));
}

function content(key, cell) {
  const { before } = cell;
  const beside = (of) => both(before ? of(before) : '', of(cell));
  switch (key) {
    case 'state': return states(cell);
    case 'case': return [caseName(cell), el('span', { class: 'also' }, [several.prompt && cell.prompt, several.model && cell.model].filter(Boolean).join(' · '))];
    case 'why': return cell.said;
    case 'score': return beside(({ score }) => (score === null ? '' : score.toFixed(2)));
    case 'latency': return beside((it) => duration(it.latency_ms));
    case 'cost': return beside((it) => dollars(it.cost_usd));
    default: return cell[key];
  }
}

function line(index) {
  const cell = view[index];
  return el('div', { class: 'row', role: 'row', 'aria-rowindex': index + 2, 'aria-selected': String(index === chosen), 'data-index': index },
    COLUMNS.map(([key, , , name]) => el('div', { class: name, role: 'gridcell', title: key === 'why' ? cell.said : key === 'case' ? cell.case : '' }, content(key, cell))));
}

const narrow = matchMedia('(max-width: 640px)');
const rowHeight = () => (narrow.matches ? 56 : 34);
const PRINTED = 500;
let printing = false;

/** Draws the rows that can be seen, and some beyond. */
function draw() {
  const rows = byId('rows');
  const high = rowHeight();
  if (view.length === 0) {
    rows.replaceChildren(el('div', { class: 'nothing' }, 'No case is like this.'));
    return;
  }
  const top = rows.getBoundingClientRect().top;
  const first = printing ? 0 : Math.max(0, Math.floor(-top / high) - 8);
  const last = printing ? Math.min(view.length, PRINTED) : Math.min(view.length, Math.ceil((innerHeight - top) / high) + 8);
  const drawn = [];
  for (let index = first; index < last; index += 1) {
    const row = line(index);
    row.style.transform = `translateY(${index * high}px)`;
    drawn.push(row);
  }
  if (printing && view.length > PRINTED) drawn.push(el('div', { class: 'nothing' }, `and ${count(view.length - PRINTED, 'case')} more`));
  rows.replaceChildren(...drawn);
}

function place() {
  byId('rows').style.height = view.length === 0 ? '' : `${view.length * rowHeight()}px`;
  byId('grid').setAttribute('aria-rowcount', view.length + 1);
  draw();
}

let asked = false;
function drawSoon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; draw(); });
}

/** Chooses a row and brings it into sight. */
function choose(index) {
  if (view.length === 0) return;
  chosen = Math.max(0, Math.min(view.length - 1, index));
  const top = byId('rows').getBoundingClientRect().top + chosen * rowHeight();
  const head = byId('head').offsetHeight;
  if (top < head) scrollBy(0, top - head);
  else if (top + rowHeight() > innerHeight) scrollBy(0, top + rowHeight() - innerHeight + 8);
  draw();
  if (!byId('detail').hidden) open(view[chosen]);
}
