import type { Dialect } from '../dialect.js';
import type { DialectOptions } from '../dialects.js';
import { AddressTrust } from './address-trust.js';
import type { Corp } from './corps.js';
import { wecomFaults } from './faults.js';
import { WecomLedger } from './ledger.js';
import { TokenQuota } from './token-quota.js';
import { wecomRoutes } from './wecom.routes.js';

/** Everything that WeCom's endpoints share. There are no grants to revoke: whoever leaves the company is gone. */
export interface WecomDialect extends Dialect {
  readonly corps: readonly Corp[];
  readonly ledger: WecomLedger;
  readonly quota: TokenQuota;
  readonly address: AddressTrust;
}

export function wecomDialect({ url, clients, clock, state }: DialectOptions): WecomDialect {
  const wecom: WecomDialect = {
    corps: clients.wecom,
    ledger: new WecomLedger(state.saved.wecom, clock, state.changed),
    quota: new TokenQuota(clock),
    address: new AddressTrust(),
    facts: [['Endpoint', `${url}/wecom`]],
    endpoints: [
      '/wecom/cgi-bin/gettoken',
      '/wecom/cgi-bin/auth/getuserinfo',
      '/wecom/cgi-bin/auth/getuserdetail',
      '/wecom/cgi-bin/user/get',
      '/wecom/connect/oauth2/authorize',
      '/wecom/wwlogin/sso/login',
      '/wecom/wwopen/sso/qrConnect',
    ],
    faults: wecomFaults,
    routes: (app) => wecomRoutes(app, wecom),
  };
  return wecom;
}
