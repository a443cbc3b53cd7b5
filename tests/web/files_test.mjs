// What leaves a page: files with whole rows and the numbers that are shown, a link, a printed page.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { choose, kQuestions, kServer, open, queryOf, questionsOf, search, settled, start, tab } from './browser.mjs'

let browser
before(async () => {
  browser = await start()
})
after(() => browser?.close())

/** Downloads a tile by its menu; returns the file's bytes and name. */
async function downloaded(page, tile, item) {
  const [download] = await Promise.all([page.waitForEvent('download'), choose(page, tile, item)])
  const chunks = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk)
  return { bytes: Buffer.concat(chunks), name: download.suggestedFilename() }
}

/** Reads a CSV text into rows of cells. */
function csvRows(text) {
  const rows = [[]]
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1).push(quoted === undefined ? bare : quoted.replaceAll('""', '"'))
    if (end === '') break
    if (end !== ',') rows.push([])
  }
  return rows.filter((row) => row.length > 1 || row[0] !== '')
}

/** Reads one member of a zip file, by its central directory. */
function unzipped(bytes, wanted) {
  const end = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  assert.ok(end >= 0, 'no zip file')
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, size, name, extra, comment, local] = [
      bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30),
      bytes.readUInt16LE(at + 32), bytes.readUInt32LE(at + 42),
    ]
    if (bytes.toString('utf8', at + 46, at + 46 + name) === wanted) {
      const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
      const packed = bytes.subarray(from, from + size)
      return (method === 0 ? packed : inflateRawSync(packed)).toString('utf8')
    }
    at += 46 + name + extra + comment
  }
  return assert.fail(`there is no ${wanted} in the file`)
}
const plain = (text) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&amp;', '&')
const columnOf = (name) => [...name].reduce((sum, one) => sum * 26 + one.charCodeAt(0) - 64, 0) - 1

/** Reads the first sheet into rows of cells: numbers as numbers, texts as texts. */
function sheetRows(xml) {
  return [...xml.matchAll(/<row [^>]*>(.*?)<\/row>/gs)].map(([, row]) => {
    const cells = []
    for (const [, name, type, body] of row.matchAll(/<c r="([A-Z]+)\d+"(?: s="\d+")?(?: t="(\w+)")?\s*(?:\/>|>(.*?)<\/c>)/gs)) {
      const text = /<(?:v|t)(?: [^>]*)?>(.*?)<\/(?:v|t)>/s.exec(body ?? '')?.[1]
      cells[columnOf(name)] = text === undefined ? '' : type === undefined || type === 'n' ? Number(text) : plain(text)
    }
    return cells
  })
}

/** The rows that a tile shows, as texts. */
const shownRows = (page, tile) =>
  page.locator(`[data-tile=${tile}] tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.cells].map((one) => one.textContent.trim())))

/** Whether a written number is a value, rounded to the digits that are written. */
function assertShown(written, value, where) {
  if (written === '—') return assert.ok(value === '' || value === undefined, `${where}: a dash for ${value}`)
  const digits = written.replace(/[^\d.-]/g, '')
  const after = digits.includes('.') ? digits.length - digits.indexOf('.') - 1 : 0
  const factor = written.includes('%') ? 100 : 1
  assert.ok(Math.abs(Number(digits) - factor * Number(value)) <= 0.5 * 10 ** -after + 1e-9, `${where}: ${written} is shown for ${value}`)
}

async function compared(page, tile, rows) {
  const query = await queryOf(page, tile)
  const whole = await (await fetch(`${kServer}/api/query?q=${encodeURIComponent(JSON.stringify({ ...query, limit: 10_000 }))}`)).json()
  assert.ok(whole.rows.length > 0 && whole.rows.length < 10_000)
  assert.deepEqual(rows[0], whole.columns.map((one) => one.label))
  const body = rows.slice(1, 1 + whole.rows.length)
  assert.equal(body.length, whole.rows.length, 'rows are missing')
  const shown = await shownRows(page, tile)
  assert.ok(shown.length > 0)
  for (const [at, texts] of shown.entries())
    for (const [column, text] of texts.entries()) {
      const where = `${tile}, row ${at + 1}, ${whole.columns[column].label}`
      if (whole.columns[column].kind !== 'dimension') assertShown(text, body[at][column], where)
      else if (whole.columns[column].type === 'text' && text !== 'Unknown') assert.equal(body[at][column], text, where)
    }
  return { whole, shown }
}

test('a CSV file holds every row of the tile, also those beyond its limit, with the numbers that are shown', async () => {
  const { page, wrong, close } = await tab(browser)
  await open(page, '/subscribers?plan=Premium')
  // A page may show fewer rows than there are: the file is never cut.
  await page.route(kQuestions, async (route) => {
    const queries = questionsOf(route.request()).map((one) => (one.limit === 1000 ? { ...one, limit: 5 } : one))
    if (route.request().method() === 'POST') return route.continue({ postData: JSON.stringify({ queries }) })
    const url = new URL(route.request().url())
    url.searchParams.set('q', JSON.stringify(queries[0]))
    await route.continue({ url: url.href })
  })
  await page.reload()
  await settled(page)
  const { bytes, name } = await downloaded(page, 'subscriber_groups', 'Download CSV')
  assert.match(name, /\.csv$/)
  const { whole, shown } = await compared(page, 'subscriber_groups', csvRows(bytes.toString('utf8').replace(/^\uFEFF/, '')))
  assert.ok(shown.length < whole.rows.length, `${shown.length} of ${whole.rows.length} rows were shown`)
  assert.ok(shown.every((row) => row[1] === 'Premium'), 'the filter is not in what is shown')
  assert.deepEqual(wrong, [])
  await close()
})

test('an Excel file holds every row of the tile as numbers, as they are shown', async () => {
  const { page, wrong, close } = await tab(browser)
  await open(page, '/subscribers?plan=Premium')
  const { bytes, name } = await downloaded(page, 'subscriber_groups', 'Download Excel')
  assert.match(name, /\.xlsx$/)
  const rows = sheetRows(unzipped(bytes, 'xl/worksheets/sheet1.xml'))
  const { whole } = await compared(page, 'subscriber_groups', rows)
  const users = whole.columns.findIndex((one) => one.name === 'users')
  assert.ok(rows.slice(1, 3).every((row) => typeof row[users] === 'number'), 'numbers are written as texts')
  assert.deepEqual(wrong, [])
  await close()
})

test('a chart exports what it draws', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/revenue?plan=Basic&@plan=revenue_by_month')
  await choose(page, 'revenue_by_country', 'Show as table')
  await page.locator('[data-tile=revenue_by_country] tbody tr').first().waitFor()
  const { bytes } = await downloaded(page, 'revenue_by_country', 'Download Excel')
  await compared(page, 'revenue_by_country', sheetRows(unzipped(bytes, 'xl/worksheets/sheet1.xml')))
  await close()
})

test('a copied link shows the same in a new page', async () => {
  const { page, wrong, close } = await tab(browser, { permissions: ['clipboard-read', 'clipboard-write'] })
  await open(page, '/revenue?plan=Basic,Premium&date=2023-01..')
  await page.getByLabel('Grain of Revenue by month').selectOption('quarter')
  await settled(page)
  await choose(page, 'plan_by_country', 'Copy link')
  await page.getByText('Link copied').waitFor()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(link, /#plan_by_country$/)
  const figures = (one) => one.locator('[data-kpi] .value').allTextContents()
  const other = await page.context().newPage()
  await other.goto(link)
  await settled(other)
  assert.equal(search(other), search(page))
  assert.deepEqual(await figures(other), await figures(page))
  for (const tile of ['revenue_by_month', 'plan_by_country'])
    assert.deepEqual(await queryOf(other, tile), await queryOf(page, tile))
  await other.waitForFunction(() => {
    const { top, bottom } = document.getElementById('plan_by_country').getBoundingClientRect()
    return top < innerHeight && bottom > 0
  })
  assert.deepEqual(wrong, [])
  await close()
})

test('a page prints whole: without filters to choose and menus, no tile cut in two', async () => {
  const { page, wrong, close } = await tab(browser)
  await open(page, '/revenue?plan=Basic')
  await page.emulateMedia({ media: 'print' })
  const seen = (selector) =>
    page.locator(selector).evaluateAll((all) => all.filter((one) => one.checkVisibility()).map((one) => one.textContent.trim()))
  for (const hidden of ['.rail', '.menu', '.controls', '.cross', '.chip:not(.set)', '.clear', 'input']) assert.deepEqual(await seen(hidden), [], hidden)
  assert.deepEqual(await seen('.chip'), ['Plan\u00a0Basic'], 'what is filtered is told')
  const tiles = page.locator('[data-tile]')
  for (const one of await tiles.all()) {
    const { name, broken, cut } = await one.evaluate((tile) => ({
      name: tile.dataset.tile,
      broken: getComputedStyle(tile).breakInside,
      cut: [...tile.querySelectorAll('.body, .scroll')].filter((box) => box.scrollHeight > box.clientHeight + 1 && getComputedStyle(box).overflowY !== 'visible').length,
    }))
    assert.equal(broken, 'avoid', name)
    assert.equal(cut, 0, `${name} scrolls on paper`)
  }
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true })
  assert.equal(pdf.toString('latin1', 0, 5), '%PDF-')
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0
  assert.ok(pages >= 2, `${pages} pages`)
  const box = /\/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)/.exec(pdf.toString('latin1'))
  assert.ok(Number(box[1]) > Number(box[2]), 'A4 lies on its side')
  assert.deepEqual(wrong, [])
  await close()
})
