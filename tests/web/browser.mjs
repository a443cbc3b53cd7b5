// What the journeys share: one browser a file, pages that notice what must not happen.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const web = createRequire(fileURLToPath(new URL('../../web/package.json', import.meta.url)))
const { chromium } = web('playwright-core')
export const kAxe = readFileSync(web.resolve('axe-core/axe.min.js'), 'utf8')

export const kServer = process.env.REELHOUSE_URL ?? ''
export const kWidths = [360, 1024, 1600]
export const kThemes = ['light', 'dark']

/** Starts Chromium; without a server to look at it says what to set. */
export async function start() {
  assert.ok(kServer, 'set REELHOUSE_URL to a running server, such as http://127.0.0.1:8080')
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  })
}

/** Opens a tab that records errors, and requests to any other host. */
export async function tab(browser, { width = 1440, theme = 'light', ...rest } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 }, colorScheme: theme, locale: 'en-US', ...rest,
  })
  const page = await context.newPage()
  const wrong = []
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== new URL(kServer).origin)
      wrong.push(`another host: ${request.url()}`)
  })
  return { page, wrong, close: () => context.close() }
}

/** Waits until every tile shows something and none waits for an answer. */
export async function settled(page) {
  await page.waitForFunction(() => {
    const tiles = [...document.querySelectorAll('[data-tile]')]
    return tiles.length > 0 && tiles.every((one) => one.dataset.state !== 'waiting' && one.getAttribute('aria-busy') !== 'true')
  }, undefined, { timeout: 20_000 })
}

export async function open(page, path) {
  await page.goto(kServer + path)
  await settled(page)
}

export const pagesOf = async () => (await (await fetch(`${kServer}/api/dashboards`)).json()).pages
export const modelOf = async () => (await fetch(`${kServer}/api/model`)).json()

/** The query whose answer a tile shows now. */
export const queryOf = async (page, tile) =>
  JSON.parse((await page.locator(`[data-tile="${tile}"]`).getAttribute('data-query')) || 'null')

/** The questions of a request to the server: one, or several. */
export const questionsOf = (request) => {
  const url = new URL(request.url())
  if (url.pathname === '/api/queries') return JSON.parse(request.postData()).queries
  return url.pathname === '/api/query' ? [JSON.parse(url.searchParams.get('q'))] : []
}

/** Where questions go: an address to route. */
export const kQuestions = /\/api\/quer(y\?|ies)/

/** Chooses an item of a tile's menu. */
export async function choose(page, tile, item) {
  const frame = page.locator(`[data-tile=${tile}]`)
  await frame.getByRole('button', { name: /^More for/ }).click()
  await frame.getByRole('menuitem', { name: item }).click()
}

/** Moves the keyboard into a tile's chart and onto a mark; returns what is said of it. */
export async function mark(page, tile, steps = 1) {
  const list = page.locator(`[data-tile="${tile}"] [role=listbox]`)
  await list.focus()
  for (let step = 0; step < steps; step += 1) await page.keyboard.press('ArrowRight')
  return (await list.locator('[role=option]').textContent()).trim()
}

export const search = (page) => decodeURIComponent(new URL(page.url()).search)
