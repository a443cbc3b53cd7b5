import { expect, test } from 'vitest'
import { decodeMembers, encodeMembers, placeOf, toggled, urlOf } from './location'

test('a place survives its way through the URL', () => {
  const place = {
    page: 'overview',
    filters: {
      country: { in: ['Spain', 'Mexico'], source: 'where_users_are' },
      genre: { in: ['Action & Adventure', 'a,b', '~', '100%', 'x+y', null] },
      date: { from: '2022-01', to: '2023-06' },
    },
    choices: { revenue_by_month: { measure: 'arpu', grain: 'quarter' } },
  }
  const url = urlOf(place)
  const [path, search] = url.split('?') as [string, string]
  expect(placeOf(path, `?${search}`)).toEqual(place)
})
test('it is written to be read', () => {
  expect(
    urlOf({
      page: 'overview',
      filters: { country: { in: ['Spain', null] }, date: { from: '2022-01', to: '2023-06' } },
      choices: {},
    }),
  ).toBe('/overview?country=Spain,~&date=2022-01..2023-06')
})
test('a range may be open', () => {
  expect(placeOf('/revenue', '?date=2022-01..').filters.date).toEqual({ from: '2022-01' })
  expect(placeOf('/revenue', '?date=..').filters).toEqual({})
})
test('nonsense does no harm', () => {
  expect(placeOf('/%E0%A4%A', '?country=%E0&=x&&@a=b').page).toBe('%E0%A4%A')
})
test('members keep what separates them', () => {
  expect(decodeMembers(encodeMembers(['a,b', null, '~', '']))).toEqual(['a,b', null, '~', ''])
})
test('a click sets, another undoes, Ctrl adds and takes away', () => {
  expect(toggled([], 'a', false)).toEqual(['a'])
  expect(toggled(['a'], 'a', false)).toEqual([])
  expect(toggled(['a'], 'b', false)).toEqual(['b'])
  expect(toggled(['a'], 'b', true)).toEqual(['a', 'b'])
  expect(toggled(['a', 'b'], 'a', true)).toEqual(['b'])
  expect(toggled(['a', 'b'], 'a', false)).toEqual(['a'])
})
