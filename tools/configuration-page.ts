/**
 * The page of all settings of an authority, docs/authority-configuration.md, made of their schema.
 *
 * Run: node -C source tools/configuration-page.ts   writes it; a test compares the two
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SETTING_ROWS, type SettingRow } from '@strongroom/authority'

export const CONFIGURATION_PAGE = fileURLToPath(
  new URL('../docs/authority-configuration.md', import.meta.url),
)

const HEAD = `# Settings of an authority

This page is made of the program's own table of settings (\`tools/configuration-page.ts\`).

\`authority.json\` lies in the authority's folder, and relative paths in it are from there. It is a JSON object with the settings below; a
setting \`a.b\` is the member \`b\` of the object \`a\`. What is no setting is refused, and so is a value that a setting cannot have: nothing is
guessed. A setting without a default may be left out unless it says *needed*.

\`\`\`json
{
  "name": "Example archive",
  "url": "https://vault.example.org",
  "identity": "SHA256:RNBZ8GJHqBDLbH2Tt3GrTTBmI2rX4Z3mYQ3s1CdWzJ0",
  "listen": { "host": "0.0.0.0", "port": 443 },
  "tls": { "certificate": "tls.crt", "key": "tls.key" },
  "quotas": { "client": { "deposits": 100000 } }
}
\`\`\`

A variable of the environment replaces the setting of its row, for this run. A number is written in decimal, and \`null\` where a setting can be
null. A variable that begins with \`STRONGROOM_AUTHORITY_\` and belongs to no setting is refused too.

The file has mode 0600, since a database address may have a password in it. Whoever can write to it can do with this node what they like: serve
another database, log nothing, listen elsewhere. They cannot sign epochs, nor open what is deposited: those keys are not on this machine.
`

/** The text of the page. */
export function configurationPage(): string {
  return `${HEAD}\n${SETTING_ROWS.map(entry).join('\n')}`
}

function entry({ path, variable, kind, description, otherwise, required }: SettingRow): string {
  const needed = required && !path.includes('.') ? ', needed' : ''
  const standard = otherwise === undefined || otherwise === '{}' ? '' : `, default \`${otherwise}\``
  return `## \`${path}\`\n\n${kind}${needed}${standard} · \`${variable}\`\n\n${description}\n`
}

if (import.meta.main) writeFileSync(CONFIGURATION_PAGE, configurationPage())
