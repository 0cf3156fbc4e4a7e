/** Opens the database of its first argument when it is told to, as a backend does at its start, and tells how that went. */
import 'reflect-metadata';
import { openDataSource } from '../../dist/src/index.js';

process.on('message', async () => {
  try {
    await (await openDataSource(process.argv[2])).destroy();
    process.send({ isOpened: true });
  } catch (error) {
    process.send({ isOpened: false, error: String(error?.stack ?? error) });
  }
  process.disconnect();
});
process.send({ ready: true });
