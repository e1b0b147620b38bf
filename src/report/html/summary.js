// What is read first: the verdict, the gates, and what each prompt came to on each model.

const total = (name) => run.results.reduce((sum, result) => sum + result.cells[name], 0);

function verdict() {
  if (!run) {
    comparedVerdict();
    return;
  }
  const name = run.status === 'complete' ? (run.passed ? 'pass' : 'fail') : 'error';
  const said = run.status === 'complete' ? (run.passed ? 'Passed' : 'Failed') : run.status === 'aborted' ? 'Aborted' : 'Interrupted';
  document.title = `${said}: ${unique(columns.map((column) => column.suite)).join(', ')}`;
  const failed = run.gates.filter((gate) => !gate.passed).length;
  const states = STATES.map((key) => [total(key), word(key)]).filter(([n]) => n > 0);
  const seconds = (new Date(run.finished_at) - new Date(run.started_at)) / 1000;
  const costs = run.results.map((result) => result.usage.cost_usd).filter((cost) => cost !== null);
  const facts = [
    `${count(cells.length, 'cell')}: ${states.map(([n, what]) => `${n.toLocaleString('en')} ${what}`).join(', ')}`,
    run.commit && `commit ${run.commit.slice(0, 12)}${run.dirty ? ' with local changes' : ''}`,
    `${run.started_at.slice(0, 16).replace('T', ' ')} UTC, ${seconds < 90 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`}`,
    costs.length > 0 && dollars(costs.reduce((sum, cost) => sum + cost, 0)),
    run.filtered && 'only the selected cases ran',
    run.proven && `proven by notes, not run: ${run.proven.map((it) => `${it.prompt} on ${it.model} (${it.commit.slice(0, 7)})`).join(', ')}`,
  ];
  const why = failed > 0 ? `${failed} of ${count(run.gates.length, 'gate')} failed` : `all ${count(run.gates.length, 'gate')} hold`;
  title(name, said, why, facts);
}

function title(name, said, why, facts) {
  byId('verdict').replaceChildren(
    el('div', {},
      el('h1', {}, el('span', { class: `state ${name}` }, said), el('span', {}, why)),
      el('div', { class: 'facts' }, facts.filter(Boolean).map((fact) => el('span', {}, fact))),
      help()),
    el('div', { class: 'tools' },
      el('button', { id: 'theme', title: 'Light or dark (t)', on: { click: turn } }, 'Theme'),
      el('button', { id: 'help', title: 'Keys (?)', on: { click: () => { byId('keys').hidden = !byId('keys').hidden; } } }, 'Keys')));
}

function help() {
  const keys = [['↑ ↓', 'or'], ['k j', 'choose a case'], ['Enter', 'open it'], ['Esc', 'close it'], ['/', 'search'], ['f', 'failures only'], ...(comparison ? [['w', 'worse only'], ['b', 'better only']] : []), ['t', 'light or dark']];
  return el('div', { id: 'keys', class: 'card', hidden: true }, keys.map(([key, what]) => el('span', {}, el('kbd', {}, key), what)));
}

function turn() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  try { localStorage.setItem('pf-theme', root.dataset.theme); } catch { /* a page from disk may have no storage */ }
}
try {
  const theme = localStorage.getItem('pf-theme');
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* as above */ }

const COUNTED = ['errors', 'unscored', 'not_run', 'regressions'];
const most = (gate) => COUNTED.includes(gate.name) || gate.name === 'cost_usd';
function measured(gate, value) {
  if (value === null) return 'not measured';
  if (gate.name === 'pass_rate') return percent(value);
  if (gate.name === 'cost_usd') return dollars(value);
  if (gate.name === 'min_delta' || gate.name === 'margin') return signed(primaryOf(gate), value);
  return COUNTED.includes(gate.name) ? String(value) : value.toFixed(3);
}

function gateRow(gate) {
  return el('tr', {},
    el('td', {}, state(gate.passed ? 'pass' : 'fail')),
    el('td', { class: 'name' }, gate.name.replace('metrics.', '').replace('_', ' '), gate.note ? el('div', { class: 'soft' }, gate.note) : null),
    several.suite ? el('td', { class: 'name' }, gate.suite) : null,
    el('td', { class: 'name' }, gate.prompt),
    el('td', { class: 'name' }, gate.model),
    el('td', { class: 'number', 'data-label': 'observed' }, measured(gate, gate.observed)),
    el('td', { class: 'number', 'data-label': 'bound' }, `${most(gate) ? '≤' : '≥'} ${measured(gate, gate.bound)}`),
    el('td', { class: 'number', 'data-label': 'interval' }, gate.low === null ? '' : `${measured(gate, gate.low)} – ${measured(gate, gate.high)}`),
    el('td', { class: 'number', 'data-label': 'n' }, gate.n.toLocaleString('en')));
}

function gateTable(gates) {
  const heads = ['', 'gate', several.suite ? 'suite' : null, 'prompt', 'model', 'observed', 'bound', 'interval', 'n'].filter((head) => head !== null);
  const right = ['observed', 'bound', 'interval', 'n'];
  return el('div', { class: 'scroll' }, el('table', {},
    el('thead', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col', class: right.includes(head) ? 'number' : '' }, head)))),
    el('tbody', {}, gates.map(gateRow))));
}

/** Failed gates stand open; those that hold are there for who asks. */
function gates() {
  const all = run ? run.gates : comparison.gates;
  if (all.length === 0 && !run) return;
  const failed = all.filter((gate) => !gate.passed);
  const held = all.filter((gate) => gate.passed);
  const card = el('div', { class: 'card' });
  if (failed.length > 0) card.append(gateTable(failed));
  if (held.length > 0) card.append(el('details', {}, el('summary', {}, `${count(held.length, 'gate')} ${held.length === 1 ? 'holds' : 'hold'}`), gateTable(held)));
  byId('gates').replaceChildren(el('h2', { id: 'gates-title' }, 'Gates'), card);
}

/** A share with its interval on a scale from 0 to 1, and the bound of its gate as a dashed line. */
function interval(metric, bound) {
  const width = 170, pad = 6;
  const x = (share) => pad + Math.min(1, Math.max(0, share)) * (width - 2 * pad);
  const plot = svg('svg', { width, height: 18, role: 'img' }, svg('line', { class: 'axis', x1: pad, x2: width - pad, y1: 9, y2: 9 }));
  const title = svg('title', {});
  title.textContent = metric.low === null ? `n = ${metric.n}` : `95 % interval ${percent(metric.low)} to ${percent(metric.high)}, n = ${metric.n}${bound === undefined ? '' : `, gate at ${percent(bound)}`}`;
  plot.append(title);
  if (metric.low !== null) {
    for (const end of [metric.low, metric.high]) plot.append(svg('line', { class: 'whisker', x1: x(end), x2: x(end), y1: 4, y2: 14 }));
    plot.append(svg('line', { class: 'whisker', x1: x(metric.low), x2: x(metric.high), y1: 9, y2: 9 }));
  }
  if (bound !== undefined) plot.append(svg('line', { class: 'bound', x1: x(bound), x2: x(bound), y1: 1, y2: 17 }));
  plot.append(svg('circle', { class: 'dot', cx: x(metric.value), cy: 9, r: 3 }));
  return plot;
}

function results() {
  if (!run) return;
  const suites = unique(run.results.map((result) => result.suite));
  byId('results').replaceChildren(...suites.flatMap((suite) => {
    const rows = run.results.filter((result) => result.suite === suite);
    // A suite with one assertion alone has a metric that says what the pass rate says.
    const names = unique(rows.flatMap((row) => Object.keys(row.metrics)));
    const metrics = names.filter((name) => name === 'pass_rate' || names.length > 2 || rows.some((row) => row.metrics[name] && row.metrics.pass_rate && row.metrics[name].value !== row.metrics.pass_rate.value));
    const has = { cost: rows.some((row) => row.usage.cost_usd !== null), tokens: rows.some((row) => row.usage.input_tokens + row.usage.output_tokens > 0), latency: rows.some((row) => row.latency_ms) };
    const prompts = unique(rows.map((row) => row.prompt));
    has.prompt = prompts.length > 1;
    const heads = [has.prompt && 'prompt', 'model', 'cells', ...metrics.map((name) => name.replace('_', ' ')), has.tokens && 'tokens in, out', has.cost && 'cost', has.latency && 'latency p50, p95'].filter(Boolean);
    return [
      el('h2', {}, suite, has.prompt ? '' : el('span', { class: 'soft' }, ` · ${prompts[0]}`)),
      el('div', { class: 'card scroll' }, el('table', {},
        el('thead', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col', class: /^(tokens|cost|latency)/.test(head) ? 'number' : '' }, head)))),
        el('tbody', {}, rows.map((row) => resultRow(row, metrics, has))))),
    ];
  }));
}

function resultRow(row, metrics, has) {
  const sum = STATES.reduce((all, name) => all + row.cells[name], 0);
  const stack = el('div', { class: 'stack' }, ['pass', 'fail', 'error', 'unscored'].map((name) => {
    const part = el('i', { class: name, title: `${row.cells[name]} ${word(name)}` });
    part.style.width = `${(100 * row.cells[name]) / Math.max(1, sum)}%`;
    return part;
  }));
  const counts = STATES.slice().reverse().filter((name) => row.cells[name] > 0).map((name) => `${row.cells[name].toLocaleString('en')} ${word(name)}`).join(', ');
  const bound = (name) => run.gates.find((gate) => gate.suite === row.suite && gate.prompt === row.prompt && gate.model === row.model && gate.name === (name === 'pass_rate' ? name : `metrics.${name}`))?.bound;
  const only = { suite: row.suite, prompt: row.prompt, model: row.model };
  return el('tr', {},
    has.prompt ? el('td', { class: 'name' }, row.prompt) : null,
    el('td', { class: 'name' }, el('button', { class: 'plain', title: 'Show its cases', on: { click: () => { filterBy(only); byId('cases').scrollIntoView(); } } }, row.model)),
    el('td', {}, stack, el('span', { class: 'counts' }, counts)),
    metrics.map((name) => {
      const metric = row.metrics[name];
      const said = (value) => (name === 'pass_rate' ? percent(value) : value.toFixed(3));
      return el('td', { 'data-label': name.replace('_', ' ') }, metric ? el('div', { class: 'estimate' }, el('b', {}, said(metric.value)), el('div', {}, interval(metric, bound(name)),
        metric.low === null ? null : el('div', { class: 'counts' }, `${said(metric.low)} – ${said(metric.high)}`))) : '');
    }),
    has.tokens ? el('td', { class: 'number', 'data-label': 'tokens' }, `${row.usage.input_tokens.toLocaleString('en')}, ${row.usage.output_tokens.toLocaleString('en')}`) : null,
    has.cost ? el('td', { class: 'number', 'data-label': 'cost' }, dollars(row.usage.cost_usd)) : null,
    has.latency ? el('td', { class: 'number', 'data-label': 'latency' }, row.latency_ms ? `${duration(row.latency_ms.p50)}, ${duration(row.latency_ms.p95)}` : '') : null);
}
