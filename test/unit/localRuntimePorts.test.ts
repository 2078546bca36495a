import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describePortHolder } from '../../deploy/local/portHolder';
import { choosePort, HOST, isPortFree } from '../../deploy/local/ports';

const busy = (...ports: number[]) => {
  const taken = new Set(ports);
  return async (port: number) => !taken.has(port);
};
const wish = { part: 's3', preferred: 7070, promised: new Set<number>() };

describe('choosing a port', () => {
  test('takes the usual port when it is free', async () => {
    await expect(choosePort(wish, busy())).resolves.toBe(7070);
  });

  test('takes the next port that is neither in use nor promised to another part', async () => {
    await expect(choosePort({ ...wish, promised: new Set([7071]) }, busy(7070, 7072))).resolves.toBe(7073);
  });

  test('never replaces a port that was asked for by number', async () => {
    const refused = choosePort({ ...wish, explicit: 9999 }, busy(9999));
    await expect(refused).rejects.toMatchObject({
      code: 'PORT_BUSY',
      message: expect.stringContaining('s3: port 9999'),
    });
  });

  test('says so when no port is free', async () => {
    await expect(choosePort(wish, async () => false)).rejects.toMatchObject({ code: 'PORT_BUSY' });
  });
});

describe('a real busy port', () => {
  let server: Server;
  let port: number;
  beforeAll(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('is not free', async () => {
    await expect(isPortFree(port)).resolves.toBe(false);
  });

  test('is named after the process that holds it', async () => {
    await expect(describePortHolder(port)).resolves.toContain(`process ${process.pid}`);
  });
});
