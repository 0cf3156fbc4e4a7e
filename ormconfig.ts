import { createDataSource, dataSourceOptions } from './src/database/data-source.js';
import { readDatabaseUrl } from './src/config/configuration.js';

/** For TypeORM's command line: `npm run migrate`, or `npx typeorm migration:show -d dist/ormconfig.js`. */
export default createDataSource(dataSourceOptions(readDatabaseUrl(process.env)));
