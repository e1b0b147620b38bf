// One case in full.

let current = null;

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

/** The messages; where they are others than before, with the words that changed. */
function messages(cell, earlier) {
  if (cell.messages === null) return [];
  const before = earlier && earlier.messages;
  if (!before || JSON.stringify(before) === JSON.stringify(cell.messages)) return [el('h3', {}, before ? 'Messages, the same on both sides' : 'Messages'), ...cell.messages.flatMap(message)];
  const length = Math.max(before.length, cell.messages.length);
  return [el('h3', {}, 'Messages, and what changed'), ...Array.from({ length }, (_, index) => {
    const [a, b] = [before[index], cell.messages[index]];
    if (a && b && JSON.stringify(a) === JSON.stringify(b)) return message(b);
    const texts = a && b && a.role === b.role && typeof a.content === 'string' && typeof b.content === 'string' && !a.tool_calls && !b.tool_calls;
    const parts = texts ? difference(a.content, b.content) : null;
    if (parts !== null) return [el('div', { class: 'role' }, b.role), markedBlock(parts)];
    return [...(a ? [el('div', { class: 'role' }, 'before'), ...message(a)] : []), ...(b ? [el('div', { class: 'role' }, 'after'), ...message(b)] : [])];
  }).flat()];
}

function assertions(cell, earlier) {
  if (cell.assertions.length === 0) return [];
  const value = (text) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
  const kind = (assertion) => (assertion.score === null ? 'unscored' : assertion.passed ? 'pass' : 'fail');
  // The same assertion stands at the same place among those of its name.
  const left = earlier ? earlier.assertions.slice() : [];
  const same = ({ type, metric }) => {
    const at = left.findIndex((other) => other.type === type && other.metric === metric);
    return at < 0 ? null : left.splice(at, 1)[0];
  };
  return [
    el('h3', {}, 'Assertions'),
    el('div', { class: 'card scroll' }, el('table', {},
      el('thead', {}, el('tr', {}, ['', 'assertion', 'score', 'reason'].map((head) => el('th', { scope: 'col', class: head === 'score' ? 'number' : '' }, head)))),
      el('tbody', {}, cell.assertions.map((assertion) => {
        const before = same(assertion);
        return el('tr', {},
          el('td', { class: 'states' }, states({ state: kind(assertion), before: before && { state: kind(before) } })),
          el('td', { class: 'kind' }, assertion.type, assertion.metric === assertion.type ? null : el('div', { class: 'soft' }, assertion.metric)),
          el('td', { class: 'number' }, both(before ? number(before.score) : '', number(assertion.score))),
          el('td', { class: 'reason' }, shown(assertion.reason), before && before.reason !== assertion.reason ? el('div', { class: 'soft' }, 'before: ', shown(before.reason)) : null,
            assertion.value === null || assertion.value === undefined || assertion.value === cell.expected ? null : el('div', { class: 'soft mono' }, shown(value(asText(assertion.value))))));
      })))),
  ];
}

function facts(row, cell, earlier) {
  const usage = cell.usage;
  const beside = (of) => both(earlier ? of(earlier) : '', of(cell));
  const tokens = ({ usage: used }) => (used ? `${used.input_tokens.toLocaleString('en')} in${used.cached_tokens ? ` (${used.cached_tokens.toLocaleString('en')} cached)` : ''}, ${used.output_tokens.toLocaleString('en')} out` : '');
  const list = [
    several.suite && ['suite', cell.suite],
    ['prompt', both(row.before && row.before.prompt, cell.prompt)],
    ['model', both(row.before && row.before.model, cell.model)],
    row.file && ['file', `${row.file}:${row.line}`],
    row.tags.length > 0 && ['tags', row.tags.join(', ')],
    cell.score !== null && ['score', beside((it) => number(it.score))],
    cell.latency_ms !== null && ['latency', beside((it) => duration(it.latency_ms)) + (cell.cached ? ', when it was asked' : '')],
    usage && ['tokens', beside(tokens)],
    usage && usage.cost_usd !== null && ['cost', beside((it) => dollars(it.usage && it.usage.cost_usd))],
    cell.finish_reason && ['finish', beside((it) => it.finish_reason || '')],
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
  return [el('h3', {}, 'This case'), el('div', { class: 'others' }, same.map((cell) => el('button', { 'aria-current': String(cell === row), on: { click: () => open(cell) } }, states(cell), ' ', label(cell))))];
}

function open(row) {
  current = row;
  const cell = whole(row);
  const earlier = row.before ? whole(row.before) : null;
  const at = view.indexOf(row);
  if (at >= 0) chosen = at;
  const detail = byId('detail');
  const variables = Object.entries(cell.variables);
  detail.replaceChildren(
    el('div', { class: 'bar' },
      states(row), el('h2', { title: caseName(row) }, caseName(row)),
      at >= 0 ? el('span', { class: 'soft' }, `${(at + 1).toLocaleString('en')} / ${view.length.toLocaleString('en')}`) : null,
      el('button', { title: 'The one above (k)', 'aria-label': 'Previous', on: { click: () => choose(chosen - 1) } }, '↑'),
      el('button', { title: 'The one below (j)', 'aria-label': 'Next', on: { click: () => choose(chosen + 1) } }, '↓'),
      el('button', { id: 'close', title: 'Close (Esc)', 'aria-label': 'Close', on: { click: close } }, '✕')),
    facts(row, cell, earlier),
    ...(earlier && earlier.error !== null ? [el('h3', {}, 'Error before'), block(earlier.error)] : []),
    ...(cell.error === null ? [] : [el('h3', {}, earlier ? 'Error after' : 'Error'), block(cell.error)]),
    ...assertions(cell, earlier),
    ...answers(cell, earlier),
    ...others(row),
    ...messages(cell, earlier),
    ...(variables.length === 0 ? [] : [el('h3', {}, 'Variables'), ...variables.flatMap(([name, value]) => [el('div', { class: 'role' }, name), block(asText(value))])]));
  const opened = detail.hidden;
  detail.hidden = false;
  detail.scrollTop = 0;
  document.body.classList.add('open');
  if (opened) place();
  else draw();
  remember();
}
