// One case in full, the keys, and the address of the page.

let current = null;

/** Words, runs of blanks, and single signs. */
const WORD = /[\p{L}\p{M}\p{N}_]+|\s+|[^\p{L}\p{M}\p{N}_\s]/gu;
/** The most that is compared: beyond it a browser would stand still. */
const PAIRS = 6e6;

/** The difference of two texts by words: `[kind, text]` with kind `=`, `-` or `+`; null where they are too long. */
function difference(before, after) {
  const a = before.match(WORD) || [], b = after.match(WORD) || [];
  let start = 0, end = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const n = a.length - start - end, m = b.length - start - end;
  if (n * m > PAIRS) return null;
  const parts = [];
  const put = (kind, text) => {
    if (parts.length > 0 && parts[parts.length - 1][0] === kind) parts[parts.length - 1][1] += text;
    else if (text !== '') parts.push([kind, text]);
  };
  put('=', a.slice(0, start).join(''));
  // Longest common subsequence of what is left, from the end so that it can be read from the beginning.
  const wide = m + 1;
  const common = new Uint16Array((n + 1) * wide);
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1) {
      common[i * wide + j] = a[start + i] === b[start + j] ? common[(i + 1) * wide + j + 1] + 1 : Math.max(common[(i + 1) * wide + j], common[i * wide + j + 1]);
    }
  }
  let i = 0, j = 0;
  while (i < n && j < m) {
    if (a[start + i] === b[start + j]) { put('=', a[start + i]); i += 1; j += 1; }
    else if (common[(i + 1) * wide + j] >= common[i * wide + j + 1]) { put('-', a[start + i]); i += 1; }
    else { put('+', b[start + j]); j += 1; }
  }
  put('-', a.slice(start + i, start + n).join(''));
  put('+', b.slice(start + j, start + m).join(''));
  put('=', a.slice(a.length - end).join(''));
  return parts;
}

const block = (text) => el('pre', { dir: 'auto', tabIndex: 0 }, shown(text));
const asText = (value) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));

/** The answer and what was expected; marked against each other where they have enough in common to be compared. */
function answer(cell) {
  if (cell.output === null) return [];
  const expected = cell.expected === null ? null : asText(cell.expected);
  const parts = expected === null || expected === cell.output ? null : difference(expected, cell.output);
  const plain = [el('h3', {}, 'Answer'), block(cell.output), ...(expected === null ? [] : [el('h3', {}, expected === cell.output ? 'Expected, and the same' : 'Expected'), ...(expected === cell.output ? [] : [block(expected)])])];
  if (parts === null) return plain;
  const shared = parts.reduce((sum, [kind, text]) => sum + (kind === '=' ? text.length : 0), 0);
  const marked = (without, name) => el('pre', { dir: 'auto', tabIndex: 0 }, parts.filter(([kind]) => kind !== without).map(([kind, text]) => (kind === '=' ? el('span', {}, shown(text)) : el(name, {}, shown(text)))));
  const place = el('div', {});
  const draw = (marks) => place.replaceChildren(...(marks ? [el('h3', {}, 'Answer'), marked('-', 'ins'), el('h3', {}, 'Expected'), marked('+', 'del')] : plain));
  const alike = shared / Math.max(1, Math.min(expected.length, cell.output.length)) >= 0.5 && expected.length * 4 > cell.output.length;
  const box = el('input', { type: 'checkbox', checked: alike, on: { change: () => draw(box.checked) } });
  box.style.minHeight = '0';
  draw(alike);
  return [place, el('p', {}, el('label', { class: 'soft' }, box, ' mark the words that differ'))];
}

function message({ role, content, tool_calls: calls }) {
  const parts = typeof content === 'string' ? [{ text: content }] : content;
  return [
    el('div', { class: 'role' }, role),
    ...parts.map((part) => {
      if (part.text !== undefined) return block(part.text);
      // An address elsewhere is shown and never fetched.
      return part.image.startsWith('data:image/') ? el('img', { src: part.image, alt: 'image' }) : block(part.image);
    }),
    ...(calls || []).map((call) => block(`${call.name}(${JSON.stringify(call.arguments)})`)),
  ];
}

function assertions(cell) {
  if (cell.assertions.length === 0) return [];
  const value = (text) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
  return [
    el('h3', {}, 'Assertions'),
    el('div', { class: 'card scroll' }, el('table', {},
      el('thead', {}, el('tr', {}, ['', 'assertion', 'score', 'reason'].map((head) => el('th', { scope: 'col', class: head === 'score' ? 'number' : '' }, head)))),
      el('tbody', {}, cell.assertions.map((assertion) => el('tr', {},
        el('td', {}, state(assertion.score === null ? 'unscored' : assertion.passed ? 'pass' : 'fail')),
        el('td', {}, assertion.type, assertion.metric === assertion.type ? null : el('div', { class: 'soft' }, assertion.metric)),
        el('td', { class: 'number' }, number(assertion.score)),
        el('td', {}, shown(assertion.reason), assertion.value === null || assertion.value === cell.expected ? null : el('div', { class: 'soft mono' }, shown(value(asText(assertion.value)))))))))),
  ];
}

function facts(row, cell) {
  const usage = cell.usage;
  const list = [
    several.suite && ['suite', cell.suite],
    ['prompt', cell.prompt],
    ['model', cell.model],
    ['file', `${row.file}:${row.line}`],
    row.tags.length > 0 && ['tags', row.tags.join(', ')],
    cell.score !== null && ['score', number(cell.score)],
    cell.latency_ms !== null && ['latency', duration(cell.latency_ms) + (cell.cached ? ', when it was asked' : '')],
    usage && ['tokens', `${usage.input_tokens.toLocaleString('en')} in${usage.cached_tokens ? ` (${usage.cached_tokens.toLocaleString('en')} cached)` : ''}, ${usage.output_tokens.toLocaleString('en')} out`],
    usage && usage.cost_usd !== null && ['cost', dollars(usage.cost_usd)],
    cell.finish_reason && ['finish', cell.finish_reason],
    cell.attempts > 1 && ['requests', String(cell.attempts)],
    cell.cached && ['asked', 'no, the answer was there already'],
  ];
  return el('dl', {}, list.filter(Boolean).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, shown(value))]));
}

/** The same case in other columns and repeats. */
function others(row) {
  const same = sameCase(row);
  if (same.length < 2) return [];
  const label = (cell) => [several.prompt && cell.prompt, several.model && cell.model, several.repeat && `#${cell.repeat}`].filter(Boolean).join(' · ');
  return [el('h3', {}, 'This case'), el('div', { class: 'others' }, same.map((cell) => el('button', { 'aria-current': String(cell === row), on: { click: () => open(cell) } }, state(cell.state), ' ', label(cell))))];
}

function open(row) {
  current = row;
  const cell = whole(row);
  const at = view.indexOf(row);
  if (at >= 0) chosen = at;
  const detail = byId('detail');
  const variables = Object.entries(cell.variables);
  detail.replaceChildren(
    el('div', { class: 'bar' },
      state(row.state), el('h2', { title: caseName(row) }, caseName(row)),
      at >= 0 ? el('span', { class: 'soft' }, `${(at + 1).toLocaleString('en')} / ${view.length.toLocaleString('en')}`) : null,
      el('button', { title: 'The one above (k)', 'aria-label': 'Previous', on: { click: () => choose(chosen - 1) } }, '↑'),
      el('button', { title: 'The one below (j)', 'aria-label': 'Next', on: { click: () => choose(chosen + 1) } }, '↓'),
      el('button', { id: 'close', title: 'Close (Esc)', 'aria-label': 'Close', on: { click: close } }, '✕')),
    facts(row, cell),
    ...(cell.error === null ? [] : [el('h3', {}, 'Error'), block(cell.error)]),
    ...assertions(cell),
    ...answer(cell),
    ...others(row),
    ...(cell.messages === null ? [] : [el('h3', {}, 'Messages'), ...cell.messages.flatMap(message)]),
    ...(variables.length === 0 ? [] : [el('h3', {}, 'Variables'), ...variables.flatMap(([name, value]) => [el('div', { class: 'role' }, name), block(asText(value))])]));
  const opened = detail.hidden;
  detail.hidden = false;
  detail.scrollTop = 0;
  document.body.classList.add('open');
  if (opened) place();
  else draw();
  remember();
}

function close() {
  current = null;
  byId('detail').hidden = true;
  document.body.classList.remove('open');
  place();
  byId('grid').focus({ preventScroll: true });
  remember();
}

/** The part of the address after `#`: the filters, and the case with what tells it from others of its name. */
function remember() {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(filters)) if (value) parts.set(key, value);
  if (current) {
    parts.set('case', current.case);
    for (const key of ['suite', 'prompt', 'model', 'repeat']) if (several[key]) parts.set(`case-${key}`, current[key]);
  }
  const hash = parts.toString();
  if (location.hash.slice(1) !== hash) history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(EMPTY)) filters[key] = parts.get(key) || '';
  if (!KEYS[filters.sort.replace(/^-/, '')]) filters.sort = '';
  const id = parts.get('case');
  const wanted = id === null ? undefined : cells.find((cell) => cell.case === id && ['suite', 'prompt', 'model', 'repeat'].every((key) => parts.get(`case-${key}`) === null || parts.get(`case-${key}`) === String(cell[key])));
  current = wanted || null;
  showFilters();
  apply();
  if (wanted) {
    open(wanted);
    choose(chosen);
  } else if (!byId('detail').hidden) close();
}

document.addEventListener('keydown', (event) => {
  const typed = event.target.matches('input[type="search"], select');
  if (event.key === 'Escape') {
    if (typed) event.target.blur();
    else if (current) close();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typed) return;
  const keys = {
    j: () => choose(chosen + 1), k: () => choose(chosen - 1), ArrowDown: () => choose(chosen + 1), ArrowUp: () => choose(chosen - 1),
    '/': () => byId('search').focus(), f: () => { filters.state = filters.state === 'fail' ? '' : 'fail'; apply(); },
    t: turn, '?': () => byId('help').click(),
  };
  // Blocks that scroll keep their own arrows.
  if (event.key.startsWith('Arrow') && event.target.matches('pre')) return;
  if (event.key === 'Enter' && !event.target.matches('button, summary, a') && view[chosen]) open(view[chosen]);
  else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
});
byId('rows').addEventListener('click', (event) => {
  const row = event.target.closest('.row');
  if (row && !String(getSelection())) open(view[Number(row.dataset.index)]);
});
addEventListener('scroll', drawSoon, { passive: true });
addEventListener('resize', place);
addEventListener('hashchange', recall);
addEventListener('beforeprint', () => { printing = true; draw(); });
addEventListener('afterprint', () => { printing = false; draw(); });

verdict();
gates();
results();
recall();
