// What is compared: the verdict on each pair of columns and what it rests on.

const sameColumn = (one, other) => one.suite === other.suite && one.prompt === other.prompt && one.model === other.model;
const primaryOf = (column) => comparison.metrics.find((metric) => metric.primary && sameColumn(metric, column)).metric;
const VERDICTS = { better: 'pass', worse: 'fail', 'no-worse': 'pass', undecided: 'unscored' };
const verdictState = (name, text) => el('span', { class: `state ${VERDICTS[name]}` }, text || name);

const level = (metric, value) => (value === null ? '' : metric === 'pass_rate' ? percent(value) : value.toFixed(3));
/** A difference with its sign; what rounds to nothing has none. */
function signed(metric, value) {
  if (value === null) return '';
  const share = metric === 'pass_rate';
  const text = share ? `${value < 0 ? '-' : ''}${tenths(Math.abs(value) * 100)}` : value.toFixed(3);
  const sign = Number(text) === 0 ? '' : value > 0 ? '+' : '−';
  return `${sign}${text.replace('-', '')}${share ? ' points' : ''}`;
}
const rangeText = (metric, { low, high }) => (low === null ? '' : `[${[low, high].map((end) => signed(metric, end).replace(' points', '')).join(', ')}]`);
const pText = (p) => (p === null ? '' : p < 0.0001 ? '< 0.0001' : p.toFixed(4));

/** A difference with its interval on a scale around 0, and the margin as a dashed line. */
function scale({ delta, low, high, verdict }, limit, margin) {
  const width = 190, pad = 6, middle = width / 2;
  const x = (value) => middle + Math.max(-1, Math.min(1, value / limit)) * (middle - pad);
  const plot = svg('svg', { width, height: 18, role: 'img', class: 'scale', 'aria-label': low === null ? 'no interval' : `from ${low} to ${high}` },
    svg('line', { class: 'axis', x1: pad, x2: width - pad, y1: 9, y2: 9 }), svg('line', { class: 'zero', x1: middle, x2: middle, y1: 2, y2: 16 }));
  const way = verdict === 'better' || verdict === 'worse' ? ` ${verdict}` : '';
  if (margin) plot.append(svg('line', { class: 'bound', x1: x(-margin), x2: x(-margin), y1: 1, y2: 17 }));
  if (low !== null) {
    for (const end of [low, high]) plot.append(svg('line', { class: `whisker${way}`, x1: x(end), x2: x(end), y1: 4, y2: 14 }));
    plot.append(svg('line', { class: `whisker${way}`, x1: x(low), x2: x(high), y1: 9, y2: 9 }));
  }
  if (delta !== null) plot.append(svg('circle', { class: `dot${way}`, cx: x(delta), cy: 9, r: 3.5 }));
  return plot;
}

/** A table of differences: metrics, or the primary metric in parts of the cases. */
function differences(rows, heads, firsts, lasts, metricOf, margin) {
  const limit = Math.max(0.01, ...rows.flatMap((row) => [row.low, row.high, row.delta].map((value) => Math.abs(value || 0))), margin || 0) * 1.05;
  const right = ['n', 'before', 'after', 'difference', 'p', 'worse', 'better', 'equal'];
  return el('div', { class: 'scroll' }, el('table', { class: 'differences' },
    el('thead', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col', class: right.includes(head) ? 'number' : '' }, head)))),
    el('tbody', {}, rows.map((row) => {
      const metric = metricOf(row);
      return el('tr', {},
        firsts(row),
        el('td', { class: 'number', 'data-label': 'before' }, level(metric, row.a)),
        el('td', { class: 'number', 'data-label': 'after' }, level(metric, row.b)),
        el('td', { class: 'number', 'data-label': 'difference' }, el('b', {}, signed(metric, row.delta))),
        el('td', { 'data-label': 'interval' }, el('div', { class: 'estimate' }, scale(row, limit, row.primary ? margin : null), el('span', { class: 'counts' }, rangeText(metric, row)))),
        lasts(row));
    }))));
}

const tally = (row, name) => el('td', { class: 'number', 'data-label': name }, row.toLocaleString('en'));

function metricTable(column) {
  const rows = comparison.metrics.filter((metric) => sameColumn(metric, column.b));
  const interval = `${+(comparison.confidence * 100).toFixed(4)} % interval`;
  return differences(rows, ['metric', 'before', 'after', 'difference', interval, 'p', 'worse', 'better', 'equal', ''],
    (row) => el('td', { class: 'name' }, row.primary ? el('b', {}, row.metric.replace('_', ' ')) : row.metric.replace('_', ' '), row.primary ? el('span', { class: 'soft' }, ' decides') : null),
    (row) => [
      el('td', { class: 'number', 'data-label': 'p', title: row.test === 'mcnemar' ? 'exact McNemar test' : 'permutation test' }, pText(row.p)),
      tally(row.losses, 'worse'), tally(row.wins, 'better'), tally(row.ties, 'equal'),
      el('td', {}, row.primary ? verdictState(row.verdict) : el('span', { class: 'soft' }, row.verdict)),
    ], (row) => row.metric, column.margin);
}

/** Parts of the cases; of many, those with the most cases first. */
const SLICES = 12;
function slices(column) {
  const rows = comparison.slices.filter((slice) => sameColumn(slice, column.b));
  if (rows.length === 0) return null;
  const metric = primaryOf(column.b);
  const table = (some) => differences(some, ['part', 'n', 'before', 'after', 'difference', 't interval', 'worse', 'better'],
    (row) => [
      el('td', { class: 'name' }, el('span', { class: 'soft' }, `${row.by} `), row.by === 'tag'
        ? el('button', { class: 'plain', title: 'Show its cases', on: { click: () => { filterBy({ tag: row.name }); byId('cases').scrollIntoView(); } } }, shown(row.name)) : shown(row.name)),
      el('td', { class: 'number', 'data-label': 'n' }, row.n.toLocaleString('en')),
    ],
    (row) => [tally(row.losses, 'worse'), tally(row.wins, 'better')], () => metric, null);
  return [el('h3', {}, 'Parts of the cases'), el('div', { class: 'card' }, table(rows.slice(0, SLICES)),
    rows.length > SLICES ? el('details', {}, el('summary', {}, `${rows.length - SLICES} more`), table(rows.slice(SLICES))) : null)];
}

function spending({ cost_usd: cost, latency_ms: latency }) {
  const share = (before, after) => (before > 0 ? ` (${after >= before ? '+' : '−'}${Math.abs((after / before - 1) * 100).toFixed(1)} %)` : '');
  const facts = [];
  if (cost) facts.push(['cost', `${dollars(cost.a)} → ${dollars(cost.b)}${share(cost.a, cost.b)}`]);
  if (latency) {
    facts.push(['latency p50', `${duration(latency.a_p50)} → ${duration(latency.b_p50)}${share(latency.a_p50, latency.b_p50)}`]);
    facts.push(['latency p95', `${duration(latency.a_p95)} → ${duration(latency.b_p95)}${share(latency.a_p95, latency.b_p95)}`]);
    const ms = (value) => `${value < 0 ? '−' : '+'}${duration(Math.abs(value))}`;
    facts.push(['per case', `${ms(latency.delta)}${latency.low === null ? '' : ` [${ms(latency.low)}, ${ms(latency.high)}]`}`]);
  }
  return facts.length === 0 ? null : el('div', { class: 'facts' }, facts.map(([name, text]) => el('span', {}, el('b', {}, name), ` ${text}`)));
}

/** Ids that a list shows. */
const LISTED = 200;
function listed(title, ids) {
  if (ids.length === 0) return null;
  const more = ids.length > LISTED ? el('p', { class: 'soft' }, `and ${(ids.length - LISTED).toLocaleString('en')} more`) : null;
  return el('details', { class: 'card' }, el('summary', {}, title), el('p', { class: 'ids mono' }, ids.slice(0, LISTED).map((id) => el('span', {}, shown(id)))), more);
}

function pairOf(column, index) {
  const of = (cases) => cases.filter((it) => sameColumn(it, column.b));
  const ids = (cases) => of(cases).map((it) => it.case);
  const { verdict: words, figures, power } = said[index];
  const name = [comparison.columns.length > 1 || several.suite ? column.b.suite : '', both(column.a.prompt, column.b.prompt), both(column.a.model, column.b.model)].filter(Boolean).join(' · ');
  const { flips } = comparison;
  const flaky = of(flips.flaky).map((it) => `${it.case} (${it.a_passes}/${it.a_of} → ${it.b_passes}/${it.b_of})`);
  const open = of(flips.undecided).map((it) => `${it.case} (${word(it.a)} → ${word(it.b)})`);
  const only = several.suite || several.prompt || several.model ? { suite: column.b.suite, prompt: column.b.prompt, model: column.b.model } : {};
  const show = (change) => () => { filterBy({ ...only, change }); byId('cases').scrollIntoView(); };
  return el('div', { class: 'pair' },
    el('h3', {}, name),
    el('p', { class: 'lead' }, verdictState(column.verdict, words), ' ', figures),
    power ? el('p', { class: 'power' }, power) : null,
    column.announcements.map(({ message: text }) => el('p', { class: 'note' }, el('b', {}, 'Note: '), shown(text))),
    el('p', {}, el('button', { on: { click: show('pass to fail') } }, `${count(of(flips.regressed).length, 'case')} from pass to fail`), ' ', el('button', { on: { click: show('fail to pass') } }, `${count(of(flips.mended).length, 'case')} from fail to pass`)),
    el('div', { class: 'card' }, metricTable(column)),
    slices(column),
    spending(column),
    listed(`${count(flaky.length, 'case')} flaky: passes and fails on one of the sides`, flaky),
    listed(`${count(open.length, 'case')} not decided on both sides, and in no figure`, open),
    listed(`${count(ids(comparison.only_a).length, 'case')} only in ${comparison.a.label}`, ids(comparison.only_a)),
    listed(`${count(ids(comparison.only_b).length, 'case')} only in ${comparison.b.label}`, ids(comparison.only_b)));
}

const named = ({ suite, prompt, model }) => `${suite}: ${prompt} on ${model}`;

function comparisons() {
  if (!comparison && !against) return;
  const label = comparison ? comparison.a.label : against.label;
  const title = run ? ['Compared with ', label] : [comparison.a.label, ' → ', comparison.b.label];
  byId('comparison').replaceChildren(
    el('h2', { id: 'comparison-title' }, title.map((part) => shown(part)).flat()),
    ...(comparison ? comparison.columns.map(pairOf) : [el('p', {}, 'No prompt of these suites is another one there.')]),
    ...[
      comparison && listed(`${count(comparison.a.only.length, 'column')} only in ${comparison.a.label}`, comparison.a.only.map(named)),
      comparison && listed(`${count(comparison.b.only.length, 'column')} only in ${comparison.b.label}`, comparison.b.only.map(named)),
      against && listed(`${count(against.unchanged.length, 'prompt')} the same in ${label}, and not asked again`, against.unchanged.map(named)),
      against && listed(`${count(against.new.length, 'prompt')} not in ${label}, with nothing to compare`, against.new.map(named)),
    ].filter(Boolean));
}

/** The head of the page of two saved runs. */
function comparedVerdict() {
  const { gates, flips } = comparison;
  const failed = gates.filter((gate) => !gate.passed).length;
  const words = comparison.columns.length === 1 ? said[0].verdict : comparison.verdict;
  const said_ = `${words[0].toUpperCase()}${words.slice(1)}`;
  document.title = `${said_}: ${unique(comparison.columns.map((column) => column.b.suite)).join(', ')}`;
  const why = failed > 0 ? `${failed} of ${count(gates.length, 'gate')} failed` : gates.length > 0 ? `${gates.length === 1 ? 'the gate holds' : `all ${count(gates.length, 'gate')} hold`}` : `${comparison.a.label} → ${comparison.b.label}`;
  title(VERDICTS[comparison.verdict], said_, why, [
    count(comparison.pairs, 'pair'),
    `${flips.regressed.length.toLocaleString('en')} from pass to fail`, `${flips.mended.length.toLocaleString('en')} from fail to pass`,
    flips.flaky.length > 0 && `${flips.flaky.length.toLocaleString('en')} flaky`, flips.undecided.length > 0 && `${flips.undecided.length.toLocaleString('en')} not decided`,
    comparison.only_a.length + comparison.only_b.length > 0 && `${(comparison.only_a.length + comparison.only_b.length).toLocaleString('en')} on one side only`,
  ]);
}
