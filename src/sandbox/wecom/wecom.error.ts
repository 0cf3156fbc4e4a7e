import { randomInt } from 'node:crypto';
import { systemSeconds } from '../../common/clock.js';

/** What WeCom answers with status 200 instead of data. */
export class WecomError extends Error {
  override readonly name = 'WecomError';

  constructor(
    readonly errcode: number,
    message: string,
  ) {
    super(message);
  }

  /** WeCom's hint differs each time: whoever reads the text instead of the number is mistaken. */
  get body(): { errcode: number; errmsg: string } {
    const hint = `${systemSeconds()}${randomInt(1e8, 1e9)}`;
    const more = `more info at https://open.work.weixin.qq.com/devtool/query?e=${this.errcode}`;
    return {
      errcode: this.errcode,
      errmsg: `${this.message}, hint: [${hint}], from ip: 127.0.0.1, ${more}`,
    };
  }
}

/** By the names of https://developer.work.weixin.qq.com/document/path/90313. */
export const wecomErrors = {
  invalidSecret: () => new WecomError(40001, 'invalid credential'),
  invalidCorpId: () => new WecomError(40013, 'invalid corpid'),
  invalidToken: () => new WecomError(40014, 'invalid access_token'),
  invalidCode: () => new WecomError(40029, 'invalid code'),
  invalidTicket: () => new WecomError(40058, 'invalid user_ticket'),
  usedCode: () => new WecomError(40163, 'code been used'),
  missingToken: () => new WecomError(41001, 'access_token missing'),
  missingCorpId: () => new WecomError(41002, 'corpid missing'),
  missingSecret: () => new WecomError(41004, 'corpsecret missing'),
  missingCode: () => new WecomError(41008, 'missing code'),
  missingUserId: () => new WecomError(41009, 'missing userid'),
  expiredToken: () => new WecomError(42001, 'access_token expired'),
  expiredCode: () => new WecomError(42003, 'code expired'),
  requiresPost: () => new WecomError(43002, 'require POST method'),
  tooOften: () => new WecomError(45009, 'api freq out of limit'),
  malformedBody: () => new WecomError(47001, 'data format error'),
  noPrivilege: () => new WecomError(60011, 'no privilege to access/modify contact/party/agent'),
  untrustedAddress: () => new WecomError(60020, 'not allow to access from your ip'),
  unknownUser: () => new WecomError(60111, 'userid not found'),
} as const;
