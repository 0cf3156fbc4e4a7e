import type { KnownFault } from '../dialect.js';

/** Like every error of WeCom's, with status 200. */
const failing = (path: string, errcode: number, errmsg: string): KnownFault['fault'] => ({
  path,
  body: JSON.stringify({ errcode, errmsg }),
  times: 1,
});

export const wecomFaults: readonly KnownFault[] = [
  { label: 'Busy (-1)', fault: failing('/wecom/cgi-bin/gettoken', -1, 'system busy') },
  {
    label: 'Application token taken back (40014)',
    fault: failing('/wecom/cgi-bin/auth/getuserinfo', 40014, 'invalid access_token'),
  },
  {
    label: 'No privilege (60011)',
    fault: failing('/wecom/cgi-bin/auth/getuserdetail', 60011, 'no privilege to access/modify contact'),
  },
];
