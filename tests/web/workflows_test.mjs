// Workflows from the page: run, watch, cancel, resume, compare; what is late is said where it matters. They
// run on a server of their own, for they change what it holds: a copy of the project with three workflows more.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { kAxe, kServer, kThemes, kWidths, settled, start, tab } from './browser.mjs'

const kProgram = process.env.REELHOUSE ?? fileURLToPath(new URL('../../build/reelhouse', import.meta.url))
const kFiles = {
  quick: `workflow: quick
description: Two commands and one after both.
properties: {day: "2026-11-22"}
triggers:
  - {schedule: "15 6 1 1 *", zone: Europe/Madrid}
steps:
  greet: {command: "echo hello $day"}
  part: {command: "sleep 1; echo half"}
  tell: {command: "echo the end", after: [greet, part]}
`,
  slow: `workflow: slow
steps:
  wait: {command: "for i in $(seq 1 600); do echo line $i; sleep 0.1; done"}
  next: {command: "echo next", after: wait}
`,
  shaky: `workflow: shaky
steps:
  first: {command: "echo first"}
  second: {command: "test -f mended || { echo it is broken >&2; exit 3; }", after: first}
  third: {command: "echo third", after: second}
`,
}

let browser
let server
let address
let folder
let project
before(async () => {
  assert.ok(process.env.REELHOUSE_PROJECT, 'set REELHOUSE_PROJECT to a project that was published')
  browser = await start()
  folder = mkdtempSync(join(tmpdir(), 'reelhouse-workflows-'))
  project = join(folder, 'project')
  cpSync(process.env.REELHOUSE_PROJECT, project, { recursive: true, preserveTimestamps: true })
  for (const [name, text] of Object.entries(kFiles)) writeFileSync(join(project, 'workflows', `${name}.yml`), text)
  // The newest drop of a generated lake lies years back: a promise of eight days is broken.
  appendFileSync(join(project, 'sources', 'netflix_userbase.yml'), '\nmax_age: 8d\nage_of: drop\n')
  const crawl = spawnSync(kProgram, ['-q', '--project', project, 'crawl'], { encoding: 'utf8' })
  assert.equal(crawl.status, 0, crawl.stderr)
  server = spawn(kProgram, ['--project', project, 'serve', '--listen', '127.0.0.1:0', '--access-log', 'none'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  server.stderr.on('data', (part) => (said += part))
  for (let wait = 0; wait < 150; wait += 1) {
    address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]
    if (address && (await fetch(`${address}/readyz`).catch(() => null))?.ok) return
    await new Promise((done) => setTimeout(done, 100))
  }
  assert.fail(`the server did not start: ${said}`)
})
after(async () => {
  await browser?.close()
  if (server && server.exitCode === null) {
    server.kill('SIGTERM')
    await new Promise((done) => server.once('exit', done))
  }
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** Opens a page of this file's own server; requests to it are no other host's. */
async function visit(path, options) {
  const opened = await tab(browser, options)
  await opened.page.goto(address + path)
  await settled(opened.page)
  const wrong = () => opened.wrong.filter((one) => address === kServer || !one.startsWith(`another host: ${address}`))
  return { ...opened, wrong }
}
const view = (page) => page.locator('[data-tile=runs] [data-run]')
const card = (page, name) => page.locator(`[data-workflow=${name}]`)
const ends = (page, state) => page.locator(`[data-tile=runs] [data-run][data-state=${state}]`).waitFor({ timeout: 20_000 })
const run = (page, name) => card(page, name).getByRole('button', { name: `Run ${name} now` }).click()
const log = (page) => view(page).getByRole('log')

test('a workflow is run from the page and watched until it has succeeded', async () => {
  const { page, wrong, close } = await visit('/pipeline')
  await card(page, 'quick').getByText('Next').click()
  assert.equal(await card(page, 'quick').locator('details li').count(), 10)
  await card(page, 'quick').getByLabel('day').fill('2027-01-31')
  await run(page, 'quick')
  await page.locator('[data-step=part][data-state=running]').waitFor()
  assert.equal(await page.locator('[data-step=tell]').getAttribute('data-state').then((one) => ['queued', 'waiting'].includes(one)), true)
  await ends(page, 'succeeded')
  assert.deepEqual(await page.locator('[data-step]').evaluateAll((all) => all.map((one) => one.dataset.state)), ['succeeded', 'succeeded', 'succeeded'])
  await log(page).getByText('hello 2027-01-31').waitFor()
  await log(page).getByText('the end').waitFor()
  await card(page, 'quick').getByText('succeeded').waitFor()
  assert.match(page.url(), /runs\.run=/)
  // By the keyboard: a step says what it waits for, and the log is that step's alone.
  await page.locator('[data-step=tell]').focus()
  await page.keyboard.press('Enter')
  await view(page).getByText('after all of greet, part').waitFor()
  assert.equal(await log(page).getByText('hello').count(), 0)
  assert.deepEqual(wrong(), [])
  await close()
})

test('a slow run is cancelled; its log comes while it runs and is not scrolled away', async () => {
  const { page, wrong, close } = await visit('/pipeline')
  await run(page, 'slow')
  await log(page).getByText('line 20', { exact: true }).waitFor({ timeout: 15_000 })
  const atEnd = () => log(page).evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight < 24)
  assert.ok(await atEnd(), 'it follows while at the bottom')
  await log(page).evaluate((one) => one.scrollTo(0, 0))
  await log(page).getByText('line 40', { exact: true }).waitFor({ timeout: 15_000 })
  assert.equal(await log(page).evaluate((one) => one.scrollTop), 0, 'it stays where the reader is')
  await view(page).getByRole('button', { name: /^Cancel/ }).click()
  await ends(page, 'cancelled')
  assert.equal(await page.locator('[data-step=next]').getAttribute('data-state'), 'skipped')
  assert.equal(await view(page).getByRole('button', { name: /^Cancel/ }).count(), 0)
  assert.equal(await view(page).getByRole('button', { name: /^Resume/ }).count(), 1)
  assert.deepEqual(wrong(), [])
  await close()
})

test('a failed run is resumed: what had succeeded is kept, the run before stays failed', async () => {
  const { page, wrong, close } = await visit('/pipeline')
  await run(page, 'shaky')
  await ends(page, 'failed')
  const failed = await view(page).getAttribute('data-run')
  await view(page).getByText('exit code 3').first().waitFor()
  writeFileSync(join(project, 'mended'), '')
  await view(page).getByRole('button', { name: /^Resume/ }).click()
  await ends(page, 'succeeded')
  assert.notEqual(await view(page).getAttribute('data-run'), failed)
  assert.match(await page.locator('[data-step=first]').textContent(), /kept from the run before/)
  await page.goBack()
  await ends(page, 'failed')
  assert.deepEqual(wrong(), [])

  // Beside each other: what the resumed run did more.
  await page.goForward()
  await ends(page, 'succeeded')
  await view(page).getByLabel('Compare with').selectOption(failed)
  const rows = view(page).getByRole('region', { name: /^Rows of steps of/ }).locator('tbody tr')
  await rows.first().waitFor()
  assert.equal(await rows.count(), 3)
  assert.match(page.url(), new RegExp(`runs\\.other=${failed}`))
  assert.deepEqual(wrong(), [])
  await close()
})

test('an order that is refused says why', async () => {
  const { page, close } = await visit('/pipeline')
  await page.route('**/api/workflows/quick/run', (route) =>
    route.fulfill({ status: 503, json: { error: { message: 'the disk is full', hint: 'Make room.' } } }))
  await run(page, 'quick')
  await card(page, 'quick').getByRole('alert').getByText('the disk is full. Make room.').waitFor()
  await close()
})

test('what is late is said on the pages that count it, and on no other', async () => {
  const { page, wrong, close } = await visit('/subscribers')
  await page.getByText(/^Userbase is late: newest .*, promised every 8 days$/).waitFor()
  await page.locator('.status .late').first().waitFor()
  await page.goto(`${address}/market`)
  await settled(page)
  assert.equal(await page.getByText('Userbase is late').count(), 0)
  await page.goto(`${address}/pipeline`)
  await settled(page)
  assert.equal(await page.getByText('Userbase is late').count(), 1)
  assert.deepEqual(wrong(), [])
  await close()
})

test('the pipeline with runs at every width in both themes', { timeout: 300_000 }, async (t) => {
  const runs = await (await fetch(`${address}/api/runs`)).json()
  const shaky = runs.filter((one) => one.workflow === 'shaky').map((one) => one.run)
  const built = runs.find((one) => one.version !== null).run
  const paths = [`/pipeline?runs.run=${shaky[0]}&runs.other=${shaky[1]}`, `/pipeline?runs.run=${built}`]
  for (const theme of kThemes)
    for (const width of kWidths)
      for (const path of paths)
        await t.test(`${path.includes('other') ? 'compared' : 'built'} at ${width}, ${theme}`, async () => {
          const { page, wrong, close } = await visit(path, { width, theme })
          await page.locator('[data-step]').first().waitFor()
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
          assert.ok(wide <= 0, `the page is ${wide} pixels wider than the window`)
          await page.evaluate(kAxe)
          const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
          assert.deepEqual(found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`), [])
          assert.deepEqual(wrong(), [])
          if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${path.includes('other') ? 'compared' : 'built'}-${width}-${theme}.png`), fullPage: true })
          await close()
        })
})
