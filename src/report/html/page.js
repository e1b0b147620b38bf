// The keys, the address of the page, and its beginning.

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

/** Whether an address names a field of a matrix as this page does. */
function known(label) {
  if (label === '') return true;
  try {
    const [side, metric, expected, predicted, classes] = JSON.parse(label);
    return (side === 'before' || side === 'after') && [metric, expected].every((it) => typeof it === 'string') && (predicted === null || typeof predicted === 'string') && Array.isArray(classes);
  } catch {
    return false;
  }
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(EMPTY)) filters[key] = parts.get(key) || '';
  if (!KEYS[filters.sort.replace(/^-/, '')]) filters.sort = '';
  const id = parts.get('case');
  const wanted = id === null ? undefined : cells.find((cell) => cell.case === id && ['suite', 'prompt', 'model', 'repeat'].every((key) => parts.get(`case-${key}`) === null || parts.get(`case-${key}`) === String(cell[key])));
  if (!known(filters.label)) filters.label = '';
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
  const only = (name) => () => { filters.change = filters.change === name ? '' : name; apply(); };
  if (event.ctrlKey || event.metaKey || event.altKey || typed) return;
  const keys = {
    j: () => choose(chosen + 1), k: () => choose(chosen - 1), ArrowDown: () => choose(chosen + 1), ArrowUp: () => choose(chosen - 1),
    '/': () => byId('search').focus(), f: () => { filters.state = filters.state === 'fail' ? '' : 'fail'; apply(); },
    ...(comparison ? { w: only('worse'), b: only('better') } : {}),
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
comparisons();
results();
confusions();
recall();
