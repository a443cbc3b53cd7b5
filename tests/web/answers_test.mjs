// What is painted is the newest answer; failures are told and retried; exports hold every row.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { kQuestions, kServer, mark, open, queryOf, questionsOf, settled, start, tab } from './browser.mjs'

let browser
before(async () => {
  browser = await start()
})
after(() => browser?.close())

test('an answer that was overtaken never paints', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/overview')
  let first = true
  const late = []
  await page.route(kQuestions, async (route) => {
    const asked = JSON.stringify(questionsOf(route.request()))
    if (first && asked.includes('Basic') && asked.includes('"users"')) {
      first = false
      late.push(new Promise((done) => setTimeout(done, 900)).then(() => route.continue().catch(() => {})))
      return
    }
    await route.continue()
  })
  const set = (plan) => page.evaluate((to) => {
    history.pushState(null, '', `/overview?plan=${to}`)
    dispatchEvent(new PopStateEvent('popstate'))
  }, plan)
  await set('Basic')
  await page.waitForTimeout(100)
  await set('Premium')
  await page.waitForTimeout(1500)
  await Promise.all(late)
  await settled(page)
  const query = await queryOf(page, 'where_users_are')
  assert.deepEqual(query.filters[0].in, ['Premium'])
  await close()
})

test('old numbers stay, dimmed, until new ones come', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/overview')
  await page.route(kQuestions, async (route) => {
    await new Promise((done) => setTimeout(done, 600))
    await route.continue().catch(() => {})
  })
  await mark(page, 'plans_by_age')
  await page.keyboard.press('Enter')
  await page.waitForTimeout(250)
  const tile = page.locator('[data-tile=where_users_are]')
  assert.equal(await tile.locator('.body.dimmed .canvas').count(), 1)
  assert.equal(await tile.locator('.skeleton').count(), 0)
  await settled(page)
  assert.equal(await tile.locator('.dimmed').count(), 0)
  await close()
})

test('a failed tile says what failed, and Retry asks again', async () => {
  const { page, close } = await tab(browser)
  let broken = true
  await page.route(kQuestions, async (route) => {
    const at = questionsOf(route.request()).findIndex((one) => JSON.stringify(one).includes('director'))
    if (!broken || at < 0) return route.continue()
    const answer = await route.fetch()
    const lines = (await answer.text()).trimEnd().split('\n').filter((line) => JSON.parse(line).at !== at)
    const error = { kind: 'busy', message: 'the queue is full', hint: 'Try again.', where: '' }
    await route.fulfill({ response: answer, body: [...lines, JSON.stringify({ at, status: 503, error }), ''].join('\n') })
  })
  await open(page, '/overview')
  const tile = page.locator('[data-tile=most_watched_directors]')
  assert.equal(await tile.getAttribute('data-state'), 'failed')
  assert.match(await tile.textContent(), /the queue is full/)
  broken = false
  await tile.getByRole('button', { name: 'Retry' }).click()
  await settled(page)
  assert.notEqual(await tile.getAttribute('data-state'), 'failed')
  await close()
})

test('a server that is away is told, and found again', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/overview')
  await page.route('**/api/**', (route) => route.abort())
  await mark(page, 'plans_by_age')
  await page.keyboard.press('Enter')
  await page.locator('.away').waitFor({ timeout: 5000 })
  await page.unroute('**/api/**')
  await page.locator('.away').waitFor({ state: 'detached', timeout: 10_000 })
  await settled(page)
  assert.equal(await page.locator('[data-state=failed]').count(), 0)
  await close()
})

test('an exported tile holds whole rows', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/content')
  const tile = page.locator('[data-tile=titles]')
  await tile.getByRole('button', { name: /^More for/ }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), tile.getByRole('menuitem', { name: 'Download CSV' }).click()])
  const stream = await download.createReadStream()
  let text = ''
  for await (const chunk of stream) text += chunk
  const query = await queryOf(page, 'titles')
  delete query.limit
  const answer = await (await fetch(`${kServer}/api/query?q=${encodeURIComponent(JSON.stringify(query))}`)).json()
  const lines = text.trimEnd().split(/\r?\n/).length - 1
  assert.ok(lines >= answer.rows.length, `${lines} lines for ${answer.rows.length} rows`)
  assert.match(download.suggestedFilename(), /\.csv$/)
  await close()
})

test('a chart is saved as PNG and as SVG', async () => {
  const { page, wrong, close } = await tab(browser)
  await open(page, '/overview')
  for (const [tileName, as, begins] of [
    ['revenue_by_month', 'PNG', '\x89PNG'],
    ['revenue_by_month', 'SVG', '<svg'],
    ['where_users_are', 'SVG', '<svg'],
    ['plans_by_age', 'PNG', '\x89PNG'],
  ]) {
    const tile = page.locator(`[data-tile=${tileName}]`)
    await tile.getByRole('button', { name: /^More for/ }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), tile.getByRole('menuitem', { name: `Save as ${as}` }).click()])
    const chunks = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    assert.ok(bytes.length > 2000, `${tileName} ${as}: ${bytes.length} bytes`)
    assert.equal(bytes.toString('latin1', 0, 4), begins)
  }
  assert.deepEqual(wrong, [])
  await close()
})

test('a new version reaches an open page, in place', async () => {
  const { page, close } = await tab(browser)
  let announced = 0
  await page.route('**/api/events', async (route) => {
    if (announced === 0) return route.continue()
    await route.fulfill({ status: 200, contentType: 'text/event-stream', body: `retry: 200\nevent: version\ndata: {"version":${announced}}\n\n` })
  })
  await page.route('**/api/model', async (route) => {
    const answer = await (await route.fetch()).json()
    await route.fulfill({ json: { ...answer, version: announced || answer.version } })
  })
  await open(page, '/overview')
  const { version } = await (await fetch(`${kServer}/api/model`)).json()
  await page.evaluate(() => (window.stillHere = true))
  let asked = 0
  page.on('request', (request) => (asked += questionsOf(request).length))
  announced = version + 1
  // The stream is opened anew, as after a break of the line.
  await page.context().setOffline(true)
  await page.waitForTimeout(300)
  await page.context().setOffline(false)
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await page.waitForFunction(() => document.querySelectorAll('[data-tile]').length > 0)
  for (let wait = 0; wait < 60 && asked === 0; wait += 1) await page.waitForTimeout(200)
  assert.ok(asked > 5, `${asked} queries were asked again`)
  await settled(page)
  assert.equal(await page.evaluate(() => window.stillHere), true, 'the page was not loaded again')
  await close()
})
