import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

/** What a page for people must be, whatever is on it. @param page as it was answered */
export function assertPage(page: {
  readonly text: string
  readonly field: (name: string) => string | undefined
}): void {
  assert.equal(page.field('content-type'), 'text/html; charset=utf-8')
  const style = /<style>([^<]*)<\/style>/.exec(page.text)?.[1] ?? ''
  const digest = createHash('sha256').update(style).digest('base64')
  // The style that is there and nothing else: a browser runs, loads, frames and sends nothing besides.
  assert.equal(
    page.field('content-security-policy'),
    `default-src 'none'; style-src 'sha256-${digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  )
  assert.equal(page.field('x-content-type-options'), 'nosniff')
  assert.equal(page.field('cache-control'), 'no-store')
  assert.equal(page.field('referrer-policy'), 'no-referrer')
  assert.doesNotMatch(
    page.text,
    /<script|<link|<img|<iframe|<base|<[^>]* (?:style|src|on\w+)=|https?:|@import|url\(/i,
  )
  for (const needed of [/^<!doctype html>\n<html lang="en">/, /<title>[^<]+<\/title>/, /name="viewport"/]) {
    assert.match(page.text, needed)
  }
  assert.equal(page.text.match(/<main/g)?.length, 1)
  assert.equal(page.text.match(/<h1>/g)?.length, 1)
  assert.match(style, /color-scheme:light dark/)
}
