// Clicking, adding, undoing; chips; periods; the URL; only what is touched is asked again.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mark, open, queryOf, questionsOf, search, settled, start, tab } from './browser.mjs'

let browser
before(async () => {
  browser = await start()
})
after(() => browser?.close())

/** Records the queries that a page sends from now on. */
function recorded(page) {
  const sent = []
  page.on('request', (request) => sent.push(...questionsOf(request)))
  return sent
}

/** Clicks with the mouse on the middle of a chart's n-th bar, found by hovering. */
async function clickBar(page, tile, share, modifiers = []) {
  const plot = page.locator(`[data-tile="${tile}"] .canvas`)
  await plot.scrollIntoViewIfNeeded()
  const box = await plot.boundingBox()
  await plot.click({ position: { x: box.width * 0.45, y: box.height * share }, modifiers })
}

test('a click filters the other tiles, again undoes, Ctrl adds', async () => {
  const { page, wrong, close } = await tab(browser)
  await open(page, '/overview')
  const before = await page.locator('[data-kpi=titles] .value').textContent()
  await clickBar(page, 'most_watched_genres', 0.05)
  await settled(page)
  assert.match(search(page), /genre=[^&]+&@genre=most_watched_genres/)
  assert.notEqual(await page.locator('[data-kpi=titles] .value').textContent(), before)
  assert.equal((await queryOf(page, 'most_watched_genres')).filters, undefined, 'a tile does not filter itself')
  const others = (await queryOf(page, 'movies_and_tv_added')).filters
  assert.equal(others[0].dimension, 'genre')
  await clickBar(page, 'most_watched_genres', 0.15, ['Control'])
  await settled(page)
  assert.equal((await queryOf(page, 'movies_and_tv_added')).filters[0].in.length, 2)
  await clickBar(page, 'most_watched_genres', 0.15, ['Control'])
  await settled(page)
  await clickBar(page, 'most_watched_genres', 0.05)
  await settled(page)
  assert.equal(search(page), '')
  assert.equal(await page.locator('[data-kpi=titles] .value').textContent(), before)
  assert.deepEqual(wrong, [])
  await close()
})

test('only tiles that a filter touches are asked again, and the others say that they ignore it', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/overview')
  const sent = recorded(page)
  await mark(page, 'most_watched_genres')
  await page.keyboard.press('Enter')
  await settled(page)
  const touched = sent.filter((one) => one.measures.some((name) => ['mrr', 'users', 'churn_rate', 'paying_users'].includes(name)))
  assert.deepEqual(touched, [], 'tiles without genres were asked again')
  assert.ok(sent.length > 0)
  assert.match(await page.locator('[data-tile=revenue_by_month] footer').textContent(), /not filtered by genre/)
  await close()
})

test('chips, back, forward, reload and a copied address all show the same', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/overview')
  await page.getByRole('button', { name: 'Plan', exact: true }).click()
  await page.getByRole('dialog').getByLabel('Premium').check()
  await page.keyboard.press('Escape')
  await settled(page)
  assert.match(search(page), /plan=Premium/)
  const premium = await page.locator('[data-kpi=mrr] .value').textContent()
  await page.locator('[data-tile=revenue_by_month] select').first().selectOption('paying_users')
  await settled(page)
  assert.match(search(page), /revenue_by_month\.measure=paying_users/)
  const address = page.url()

  await page.goBack()
  await page.goBack()
  await settled(page)
  assert.equal(search(page), '')
  assert.notEqual(await page.locator('[data-kpi=mrr] .value').textContent(), premium)
  await page.goForward()
  await page.goForward()
  await settled(page)
  assert.equal(page.url(), address)
  assert.equal(await page.locator('[data-kpi=mrr] .value').textContent(), premium)
  await page.reload()
  await settled(page)
  assert.equal(page.url(), address)
  assert.equal(await page.locator('[data-kpi=mrr] .value').textContent(), premium)
  assert.deepEqual((await queryOf(page, 'revenue_by_month')).measures, ['paying_users'])
  await page.getByRole('button', { name: 'Clear Plan' }).click()
  await settled(page)
  assert.doesNotMatch(search(page), /plan=/)
  await close()
})

test('a range of months is brushed with the mouse', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/overview')
  const plot = page.locator('[data-tile=revenue_by_month] .canvas')
  const box = await plot.boundingBox()
  await page.mouse.move(box.x + box.width * 0.4, box.y + 60)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.5, box.y + 80)
  await page.mouse.move(box.x + box.width * 0.6, box.y + 80)
  await page.mouse.up()
  await settled(page)
  assert.match(search(page), /date=\d{4}-\d\d\.\.\d{4}-\d\d&@date=revenue_by_month/)
  assert.equal((await queryOf(page, 'revenue_by_month')).filters, undefined)
  const filters = (await queryOf(page, 'plans_by_age')).filters
  assert.match(filters[0].from, /^\d{4}-\d\d-01$/)
  await close()
})

test('drilling goes down and up', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/regions')
  await mark(page, 'users_by_region')
  await page.keyboard.press('+')
  await settled(page)
  const down = await queryOf(page, 'users_by_region')
  assert.deepEqual(down.dimensions, ['subregion'])
  assert.equal(down.filters[0].dimension, 'region')
  await page.locator('[data-tile=users_by_region]').getByRole('button', { name: 'All', exact: true }).click()
  await settled(page)
  assert.deepEqual((await queryOf(page, 'users_by_region')).dimensions, ['region'])
  await close()
})

test('grain and comparison change what is asked', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/revenue')
  await page.getByLabel('Grain of Revenue by month').selectOption('quarter')
  await page.getByLabel('Comparison of Revenue by month').selectOption('year')
  await settled(page)
  const query = await queryOf(page, 'revenue_by_month')
  assert.equal(query.dimensions[0], 'quarter')
  assert.equal(query.compare, 'year')
  await close()
})

test('what cannot be known shows a dash and why, never a number', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/overview')
  const model = await (await fetch(`${process.env.REELHOUSE_URL}/api/model`)).json()
  const churn = model.views.flatMap((one) => one.measures).find((one) => one.name === 'churn_rate')
  const tile = page.locator('[data-tile=churn]')
  if (churn.unknown) {
    assert.equal((await page.locator('[data-kpi=churn_rate] .value').textContent()).trim(), '—')
    assert.equal(await tile.getAttribute('data-state'), 'unknown')
    assert.ok((await tile.textContent()).includes(churn.unknown.trim().slice(0, 30)))
  } else assert.equal(await tile.getAttribute('data-state'), 'ready')
  await close()
})

test('a hover tells the exact value and the share', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/overview')
  const plot = page.locator('[data-tile=revenue_by_month] .canvas')
  const box = await plot.boundingBox()
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5)
  await page.mouse.move(box.x + box.width * 0.61, box.y + box.height * 0.5)
  const tip = page.locator('[data-tile=revenue_by_month] .tip')
  await tip.waitFor()
  const said = await tip.textContent()
  assert.match(said, /Premium.*\$[\d,.]+/)
  assert.match(said, /%/)
  assert.match(said, /Together/)
  await close()
})

test('a number leads back to the file', async () => {
  const { page, wrong, close } = await tab(browser)
  await open(page, '/overview')
  await page.locator('[data-kpi=mrr] button').click()
  const drawer = page.getByRole('dialog', { name: 'Where this number comes from' })
  await drawer.getByText('Its way back to the files').waitFor()
  for (let step = 0; step < 60 && (await drawer.getByText(/raw\//).count()) === 0; step += 1) {
    const closed = drawer.locator('button[aria-expanded=false]').first()
    if ((await closed.count()) === 0) break
    await closed.click()
  }
  assert.ok((await drawer.getByText(/raw\//).count()) > 0, await drawer.textContent())
  assert.deepEqual(wrong, [])
  await close()
})
