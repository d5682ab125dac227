import type { Route } from './route.ts'

/** The table as a page for people: no script, no style from elsewhere, nothing that anybody sent. */
export function docsPage(routes: readonly Route[]): string {
  const rows = routes.map(
    ({ method, path, auth, summary }) =>
      `<tr><td>${method}</td><td><code>${escaped(path)}</code></td><td>${auth}</td><td>${escaped(summary)}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Strongroom backup authority</title>
<h1>Strongroom backup authority</h1>
<p>What this server answers. The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
<table>
<tr><th>Method</th><th>Path</th><th>Signed</th><th>What for</th></tr>
${rows.join('\n')}
</table>
</html>
`
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
