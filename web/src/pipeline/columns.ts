const kHidden = new Set(['run', 'fingerprint', 'etag'])
const kLong = new Set([
  'reason',
  'row',
  'record',
  'text',
  'raw',
  'value',
  'before',
  'after',
  'detail',
])

/** Columns of rows whose shape is not known here: their names, in words. */
export function columnsOf(rows: Record<string, unknown>[]) {
  const names = [...new Set(rows.slice(0, 50).flatMap((row) => Object.keys(row)))].filter(
    (one) => !kHidden.has(one),
  )
  return names.map((name) => ({
    name,
    label: (name[0] ?? '').toUpperCase() + name.slice(1).replaceAll('_', ' '),
    number: rows.some((row) => typeof row[name] === 'number'),
    wrap: kLong.has(name),
  }))
}
