// A phone: fingers choose months, drill down and scroll; a tile fills the screen and gives it back.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { choose, open, queryOf, questionsOf, search, settled, start, tab } from './browser.mjs'

let browser
before(async () => {
  browser = await start()
})
after(() => browser?.close())

const phone = { width: 360, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }

/** Moves one finger along points of the window, as the touch screen would report it. */
async function drawn(page, points) {
  const wire = await page.context().newCDPSession(page)
  const send = (type, touchPoints) => wire.send('Input.dispatchTouchEvent', { type, touchPoints })
  await send('touchStart', [points[0]])
  for (const point of points.slice(1)) await send('touchMove', [point])
  // A finger that stops before it goes leaves the page at rest: else the next tap would only stop it.
  await page.waitForTimeout(200)
  await send('touchMove', [points.at(-1)])
  await send('touchEnd', [])
}

/** Waits until the address tells what a touch did: its click comes a moment after the finger has gone. */
async function told(page, pattern) {
  await page
    .waitForFunction((wanted) => new RegExp(wanted).test(decodeURIComponent(location.search)), pattern.source)
    .catch(() => assert.fail(`the address is ${search(page)}, not ${pattern}`))
  await settled(page)
  return pattern.exec(search(page))
}

/** Brings a tile's plot to the middle, and tells where it is once what came into view with it has its size. */
async function plotOf(page, tile) {
  const plot = page.locator(`[data-tile=${tile}] .canvas`)
  await plot.evaluate(async (one) => {
    let still = 0
    for (let top = NaN; still < 5; still = one.getBoundingClientRect().top === top ? still + 1 : 0) {
      if (still === 0) one.scrollIntoView({ block: 'center' })
      top = one.getBoundingClientRect().top
      await new Promise((done) => requestAnimationFrame(done))
    }
  })
  return plot.boundingBox()
}

test('a finger across a chart over time chooses its months; one that goes up scrolls', async () => {
  const { page, wrong, close } = await tab(browser, phone)
  await open(page, '/overview')
  const box = await plotOf(page, 'revenue_by_month')
  const middle = box.y + box.height / 2
  const across = [0.3, 0.35, 0.4, 0.5, 0.6].map((share) => ({ x: box.x + box.width * share, y: middle }))
  await drawn(page, across)
  const [, from, to] = await told(page, /date=(\d{4}-\d\d)\.\.(\d{4}-\d\d)&@date=revenue_by_month/)
  assert.ok(from < to, `${from} to ${to}`)
  assert.equal((await queryOf(page, 'plans_by_age')).filters[0].from, `${from}-01`)
  await page.getByRole('button', { name: 'Show all' }).tap()
  await told(page, /^$/)

  const again = await plotOf(page, 'revenue_by_month')
  const scrolled = await page.evaluate(() => scrollY)
  await drawn(page, [0, 40, 80, 120, 160].map((up) => ({ x: again.x + again.width / 2, y: again.y + again.height - 10 - up })))
  await page.waitForFunction((before) => scrollY > before + 40, scrolled)
  assert.equal(search(page), '', 'scrolling chose months')
  assert.deepEqual(wrong, [])
  await close()
})

test('the period chip is enough for a finger', async () => {
  const { page, close } = await tab(browser, phone)
  await open(page, '/overview')
  await page.getByRole('button', { name: 'Period', exact: true }).or(page.locator('.chip').first().getByRole('button')).first().tap()
  const panel = page.getByRole('dialog')
  const strip = await panel.locator('svg').boundingBox()
  assert.ok(strip.x >= 0 && strip.x + strip.width <= 360, 'the months lie within the window')
  await drawn(page, [0.2, 0.4, 0.6].map((share) => ({ x: strip.x + strip.width * share, y: strip.y + 20 })))
  await told(page, /^\?date=\d{4}-\d\d\.\.\d{4}-\d\d$/)
  await close()
})

test('a tap chooses a mark, a second goes down into it', async () => {
  const { page, wrong, close } = await tab(browser, phone)
  await open(page, '/regions')
  const box = await plotOf(page, 'users_by_region')
  await page.touchscreen.tap(box.x + box.width * 0.45, box.y + box.height * 0.08)
  const [, region] = await told(page, /[?&]region=([^&]+)&@region=users_by_region/)
  await page.locator('[data-tile=users_by_region]').getByRole('button', { name: /^Into / }).tap()
  await told(page, /users_by_region\.drill=/)
  const query = await queryOf(page, 'users_by_region')
  assert.deepEqual(query.dimensions, ['subregion'])
  assert.deepEqual(query.filters.find((one) => one.dimension === 'region').in, [region.replaceAll('+', ' ')])
  await page.locator('[data-tile=users_by_region]').getByRole('button', { name: 'All', exact: true }).tap()
  await told(page, /^(?!.*users_by_region\.drill=)/)
  assert.deepEqual((await queryOf(page, 'users_by_region')).dimensions, ['region'])
  assert.deepEqual(wrong, [])
  await close()
})

test('a tile fills the screen; Escape gives it back, and the focus is where it was', async () => {
  const { page, wrong, close } = await tab(browser)
  await open(page, '/overview')
  const tile = page.locator('[data-tile=revenue_by_month]')
  const sizes = () => tile.locator('canvas').evaluate((one) => [one.clientWidth, one.clientHeight])
  const before = await sizes()
  await choose(page, 'revenue_by_month', 'Full screen')
  await page.waitForFunction(() => document.fullscreenElement?.dataset.tile === 'revenue_by_month')
  await page.waitForFunction(([width]) => document.querySelector('[data-tile=revenue_by_month] canvas').clientWidth > width, before)
  await page.keyboard.press('Escape')
  await page.waitForFunction(() => document.fullscreenElement === null)
  await page.waitForFunction(([width]) => document.querySelector('[data-tile=revenue_by_month] canvas').clientWidth === width, before)
  assert.deepEqual(await sizes(), before)
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'More for Revenue by month')
  assert.deepEqual(wrong, [])
  await close()
})

test('pages tell themselves apart to the server', async () => {
  const { page, close } = await tab(browser)
  const other = await page.context().newPage()
  const said = [new Set(), new Set()]
  for (const [at, one] of [page, other].entries()) {
    one.on('request', (request) => {
      if (questionsOf(request).length > 0) said[at].add(request.headers()['x-client-id'] ?? '')
    })
    await open(one, '/overview')
  }
  assert.deepEqual(said.map((one) => one.size), [1, 1], 'one name a page')
  const names = said.flatMap((one) => [...one])
  assert.notEqual(names[0], names[1])
  assert.ok(names.every((one) => /^[0-9a-f]{16,64}$/.test(one)), names.join())
  await close()
})
