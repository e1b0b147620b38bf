// Two texts, and the words in which they differ.

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
const marks = (parts) => parts.map(([kind, text]) => (kind === '=' ? el('span', {}, shown(text)) : el(kind === '-' ? 'del' : 'ins', {}, shown(text))));
const markedBlock = (parts) => el('pre', { dir: 'auto', tabIndex: 0 }, marks(parts));

/**
 * Two texts that differ, `[title, text]` each, one below the other: `gone` is what the other is marked against. Words are marked where they have enough in
 * common to be compared, and where that is wished.
 */
function besides(gone, come, goneFirst) {
  const parts = difference(gone[1], come[1]);
  const ordered = (of) => (goneFirst ? [of(gone, '+'), of(come, '-')] : [of(come, '-'), of(gone, '+')]).flat();
  const plain = ordered(([title, text]) => [el('h3', {}, title), block(text)]);
  if (parts === null) return plain;
  const shared = parts.reduce((sum, [kind, text]) => sum + (kind === '=' ? text.length : 0), 0);
  const marked = ordered(([title], without) => [el('h3', {}, title), markedBlock(parts.filter(([kind]) => kind !== without))]);
  const place = el('div', {});
  const draw = (wished) => place.replaceChildren(...(wished ? marked : plain));
  const [short, long] = [gone[1].length, come[1].length].sort((a, b) => a - b);
  const alike = shared / Math.max(1, short) >= 0.5 && short * 4 > long;
  const box = el('input', { type: 'checkbox', checked: alike, on: { change: () => draw(box.checked) } });
  box.style.minHeight = '0';
  draw(alike);
  return [place, el('p', {}, el('label', { class: 'soft' }, box, ' mark the words that differ'))];
}

/** The answer and what was expected; where two sides are compared, both answers and then what was expected. */
function answers(cell, earlier) {
  const expected = cell.expected === null ? null : asText(cell.expected);
  const wanted = (answer) => (expected === null ? [] : expected === answer ? [el('h3', {}, 'Expected, and the same')] : [el('h3', {}, 'Expected'), block(expected)]);
  const { output } = cell;
  if (!earlier || earlier.output === null) {
    if (output === null) return [];
    if (expected === null || expected === output) return [el('h3', {}, earlier ? 'Answer after' : 'Answer'), block(output), ...wanted(output)];
    return besides(['Expected', expected], [earlier ? 'Answer after' : 'Answer', output], false);
  }
  if (output === null) return [el('h3', {}, 'Answer before'), block(earlier.output), ...wanted(earlier.output)];
  if (earlier.output === output) return [el('h3', {}, 'Answer, the same on both sides'), block(output), ...wanted(output)];
  const equals = [[earlier.output, 'before'], [output, 'after']].find(([text]) => text === expected);
  return [...besides(['Answer before', earlier.output], ['Answer after', output], true), ...(equals ? [el('h3', {}, `Expected, and the same as ${equals[1]}`)] : wanted(output))];
}
