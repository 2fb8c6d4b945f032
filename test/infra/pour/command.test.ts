import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { writePlatform } from '../../../infra/local/platform-file.ts';
import { sampleBundle } from '../../shared/fhir/bundle-sample.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Intake, openIntake } from './intake.ts';

const command = fileURLToPath(new URL('../../../infra/pour/main.ts', import.meta.url));
const fixtures = fileURLToPath(new URL('../../fixtures/hl7', import.meta.url));

let home: string;
let intake: Intake | undefined;
beforeAll(async () => {
  home = await temporaryFolder();
});
afterEach(async () => {
  await intake?.close();
  intake = undefined;
});

async function open(...setAside: Parameters<typeof openIntake>): Promise<Intake> {
  intake = await openIntake(...setAside);
  const { url } = intake;
  await writePlatform({ pid: process.pid, gateway: url, oidc: url, mailbox: url, environment: {} }, home);
  return intake;
}

type Outcome = { code: number | string; out: string; err: string };

function run(...args: string[]): Promise<Outcome> {
  const env = { PATH: process.env['PATH'], CAREFLOW_HOME: home };
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(home, crypto.randomUUID());
  await mkdir(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

describe('npm run pour', () => {
  it('sends every file of a folder and counts what was said of each message', async () => {
    const { posted } = await open();
    const { code, out, err } = await run(join(fixtures, 'dirt'), '--country', 'de');
    expect(err).toContain('Pouring');
    expect(out).toMatch(/^23 files in [\d.]+ s\n\nAA {2}26\nAE {2}0\nAR {2}0\n$/);
    expect(code).toBe(0);
    expect(posted).toHaveLength(23);
    expect(new Set(posted)).toEqual(new Set(['/de/lab-results application/hl7-v2']));
  });

  it('says of each message that was refused where in it, and ends with 1', async () => {
    await open();
    const { code, out } = await run(join(fixtures, 'refused'));
    expect(out).toMatch(/\nAA +1\nAE +11\nAR +5\n/);
    expect(out).toMatch(/^AE-101-OBX-2-3\.hl7 +REF-10 +AE +OBX 2, field 3: 101 It does not say what was observed$/m);
    expect(out).toMatch(/^AE-102-OBX-1-5\.hl7 +REF-13 +AE +OBX 1, field 5, component 5: 102 /m);
    expect(out).toMatch(/^AR-203-MSH-1-12\.hl7 +REF-4 +AR +MSH 1, field 12, component 1: 203 /m);
    expect(out).not.toMatch(/Delatour|19930706/);
    expect(code).toBe(1);
  });

  it('tells places of versions whose ERR is another', async () => {
    await open();
    const refused = await folderOf({
      'old.hl7': 'MSH|^~\\&|A|B|C|D|20260309||ORU^R01|OLD-1|P|2.3\rOBX|1|NM|K||4.1|||||F\r',
    });
    expect((await run(refused)).out).toMatch(/^old\.hl7 +OLD-1 +AE +OBX 1: 100 Segment sequence error$/m);
  });

  it('sends bundles too, and passes over what no laboratory wrote', async () => {
    const { posted } = await open();
    const folder = await folderOf({
      'good.json': JSON.stringify(sampleBundle()),
      'bad.json': JSON.stringify(sampleBundle({ report: { status: 'done' } })),
      'notes.md': 'not for anybody',
    });
    const { out, code } = await run(folder);
    expect(posted).toEqual(['/fr/lab-results application/fhir+json', '/fr/lab-results application/fhir+json']);
    expect(out).toMatch(/\nAA +1\nAE +1\n/);
    expect(out).toMatch(/^bad\.json +AE +Bundle\.entry\[0\]\.resource\.status: /m);
    expect(code).toBe(1);
  });

  it('counts those whose senders ask for no acknowledgment apart', async () => {
    await open();
    const { out, code } = await run(join(fixtures, 'acknowledgments'));
    expect(out).toMatch(/^none +2 {2}\(/m);
    expect(out).toMatch(/^CA +3$/m);
    expect(code).toBe(0);
  });

  it('tries again what may pass', async () => {
    const { fail } = await open();
    fail(2, 503);
    const { out, code } = await run(join(fixtures, 'stories/correction'));
    expect(out).toMatch(/\nAA +3\n/);
    expect(code).toBe(0);
  });

  it('tells what was not taken over HTTP', async () => {
    const { fail } = await open();
    fail(1, 413, JSON.stringify({ title: 'Too large', detail: 'The body is too large.' }));
    const { out, code } = await run(join(fixtures, 'stories/correction'), '--concurrency', '1');
    expect(out).toMatch(/^failed +1$/m);
    expect(out).toMatch(/^1-preliminary\.hl7 +413 The body is too large\.$/m);
    expect(code).toBe(1);
  });

  it('tells what was set aside, and of which file', async () => {
    const message = {
      id: '1',
      sender: 'VALMY-LIS|LABO-VALMY',
      controlId: 'WRO-1',
      reason: 'wrong-patient',
      details: ['birth-date-differs'],
      receivedAt: '2999-01-01T00:00:00Z',
    };
    const earlier = { ...message, controlId: 'EARLIER-1', receivedAt: '2026-01-01T00:00:00Z' };
    const code = { sender: 'VALMY-LIS|LABO-VALMY', system: 'L', code: 'VALMY-77', display: 'House marker' };
    await open({ quarantine: [earlier, message], codes: [code] });
    const { out } = await run(join(fixtures, 'stories/wrong-patient'));
    expect(out).toMatch(/^1-birth-date-of-another\.hl7 +WRO-1 +wrong-patient +birth-date-differs$/m);
    expect(out).not.toContain('EARLIER-1');
    expect(out).toMatch(/^VALMY-LIS\|LABO-VALMY +L +VALMY-77 +House marker$/m);
  });

  it.each([
    ['no folder', [], 'Name one folder.'],
    ['a country that is none', ['x', '--country', 'France'], '--country takes two letters'],
    ['no way to send anything', ['x', '--concurrency', '0'], '--concurrency takes a whole number'],
    ['what it does not know', ['x', '--fast'], "Unknown option '--fast'"],
  ])('explains itself where it is given %s', async (_, args, explained) => {
    const { code, err } = await run(...args);
    expect(code).toBe(1);
    expect(err).toContain(explained);
    expect(err).toContain('npm run pour -- DIR');
  });

  it('says so where there is nothing to pour', async () => {
    const { code, err } = await run(await folderOf({}));
    expect(code).toBe(1);
    expect(err).toMatch(/^There is nothing to pour in /);
  });

  it('cannot pour without a platform', async () => {
    const folder = join(home, 'empty');
    await cp(join(fixtures, 'versions'), folder, { recursive: true });
    const outcome = await new Promise<Outcome>((resolve) => {
      const env = { PATH: process.env['PATH'], CAREFLOW_HOME: join(home, 'nowhere') };
      execFile(process.execPath, [command, folder], { env }, (error, out, err) =>
        resolve({ code: error?.code ?? 0, out, err }),
      );
    });
    expect(outcome).toMatchObject({ code: 1, err: expect.stringContaining('The platform is not running.') });
  });
});
