// A journey without a mouse: skip, choose a page, reach a mark, filter, read as a table, leave.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mark, open, search, settled, start, tab } from './browser.mjs'

let browser
before(async () => {
  browser = await start()
})
after(() => browser?.close())

const focused = (page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')

async function tabTo(page, wanted, most = 200) {
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(wanted)) return
  }
  assert.fail(`not reached by ${most} presses of Tab: ${wanted}`)
}

test('the keyboard alone is enough', async () => {
  const { page, wrong, close } = await tab(browser)
  await open(page, '/overview')
  await page.keyboard.press('Tab')
  assert.equal(await focused(page), 'Skip to the figures')
  await tabTo(page, `document.activeElement.textContent.trim() === 'Subscribers'`)
  await page.keyboard.press('Enter')
  await settled(page)
  assert.match(page.url(), /\/subscribers$/)

  // A chip: opened, searched, chosen, closed; the focus returns to it.
  await tabTo(page, `document.activeElement.textContent.trim() === 'Country'`)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').locator('label').first().waitFor()
  await page.keyboard.press('Tab')
  if (!(await page.evaluate(() => document.activeElement.type === 'checkbox'))) await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await page.keyboard.press('Escape')
  await settled(page)
  assert.match(search(page), /country=/)
  assert.match(await focused(page), /^Country/)

  // Marks: the chart is reached, its marks are told, Enter filters, Enter again undoes.
  await tabTo(page, `document.activeElement.getAttribute('role') === 'listbox' && document.activeElement.closest('[data-tile=devices]') !== null`)
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle)
  assert.notEqual(outline, 'none', 'the focus must be seen')
  const said = await mark(page, 'devices')
  assert.match(said, /\d/, `a mark says its value: ${said}`)
  await page.keyboard.press('Enter')
  await settled(page)
  assert.match(search(page), /device_class=/)
  await page.keyboard.press('Enter')
  await settled(page)
  assert.doesNotMatch(search(page), /device_class=/)

  // The menu: as a table, sorted, and back.
  const tile = page.locator('[data-tile=plans_by_country]')
  await tile.getByRole('button', { name: /^More for/ }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await tile.locator('table').waitFor()
  const rows = await tile.locator('tbody tr').count()
  assert.ok(rows > 1)
  await tile.locator('thead button').last().focus()
  await page.keyboard.press('Enter')
  assert.equal(await tile.locator('th[aria-sort=descending]').count(), 1)

  // Lineage: opens, takes the focus, closes with Escape, gives it back.
  await page.locator('[data-tile=devices] footer button').first().focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Where this number comes from' }).waitFor()
  await page.keyboard.press('Escape')
  assert.equal(await page.getByRole('dialog').count(), 0)
  assert.equal(await page.evaluate(() => document.activeElement.closest('[data-tile]')?.dataset.tile), 'devices')
  assert.deepEqual(wrong, [])
  await close()
})

test('every mark of every chart on Overview is reached and told', async () => {
  const { page, close } = await tab(browser)
  await open(page, '/overview')
  const names = await page.locator('[data-tile] [role=listbox]').evaluateAll((all) => all.map((one) => one.closest('[data-tile]').dataset.tile))
  assert.ok(names.length >= 5, `${names}`)
  for (const name of names) {
    const list = page.locator(`[data-tile="${name}"] [role=listbox]`)
    await list.focus()
    await page.keyboard.press('Home')
    const option = list.locator('[role=option]')
    const size = Number(await option.getAttribute('aria-setsize'))
    assert.ok(size > 0, name)
    const seen = new Set()
    for (let step = 0; step < size; step += 1) {
      seen.add((await option.textContent()).trim())
      await page.keyboard.press('ArrowRight')
    }
    assert.equal(seen.size, size, `${name}: ${size} marks, ${seen.size} told apart`)
  }
  await close()
})
