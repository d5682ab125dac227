import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { initAuthority, validFor, type MadeAuthority, type NewAuthority } from '../../src/setup/index.ts'

export const PASSPHRASE = 'correct horse battery staple'
export const NOW = Date.UTC(2026, 10, 22, 12)

/** A folder that goes with the test. */
export function testFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-setup-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** What an authority in `vault` of a folder is made of; its passphrases take no time. */
export function wanted(folder: string, changes: Partial<NewAuthority> = {}): NewAuthority {
  return {
    folder: join(folder, 'vault'),
    settings: { name: 'Example archive', url: 'http://localhost:8080', tls: null },
    tenant: 'default',
    identity: { path: join(folder, 'identity.container'), passphrase: PASSPHRASE },
    custodian: { path: join(folder, 'custodian.container'), passphrase: PASSPHRASE },
    validity: validFor(730, NOW),
    now: NOW,
    logN: 2,
    ...changes,
  }
}

/** Such an authority. */
export async function made(
  t: Pick<TestContext, 'after'>,
  changes: Partial<NewAuthority> = {},
): Promise<MadeAuthority & { readonly parent: string }> {
  const parent = testFolder(t)
  return { ...(await initAuthority(wanted(parent, changes))), parent }
}
