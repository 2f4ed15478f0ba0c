// Which group a command of Redis belongs to (the groups of its documentation), and whether it waits for something to happen.
import type { CommandClass } from '../../catalogs/redis.js'

const GROUPS: Readonly<Record<Exclude<CommandClass, 'other'>, string>> = {
  bitmap: 'bitcount bitfield bitfield_ro bitop bitpos getbit setbit',
  cluster: 'asking cluster readonly readwrite',
  connection: 'auth client echo hello ping quit reset select',
  generic: `copy del dump exists expire expireat expiretime keys migrate move object persist pexpire pexpireat pexpiretime pttl
    randomkey rename renamenx restore scan sort sort_ro touch ttl type unlink wait waitaof`,
  geo: 'geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore',
  hash: `hdel hexists hexpire hexpireat hexpiretime hget hgetall hgetdel hgetex hincrby hincrbyfloat hkeys hlen hmget hmset
    hpersist hpexpire hpexpireat hpexpiretime hpttl hrandfield hscan hset hsetex hsetnx hstrlen httl hvals`,
  hyperloglog: 'pfadd pfcount pfdebug pfmerge pfselftest',
  list: `blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim rpop
    rpoplpush rpush rpushx`,
  pubsub: 'psubscribe publish pubsub punsubscribe spublish ssubscribe subscribe sunsubscribe unsubscribe',
  scripting: 'eval eval_ro evalsha evalsha_ro fcall fcall_ro function script',
  server: `acl bgrewriteaof bgsave command config dbsize debug failover flushall flushdb info lastsave latency lolwut memory
    module monitor psync replconf replicaof role save shutdown slaveof slowlog swapdb sync time`,
  set: 'sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove spop srandmember srem sscan sunion sunionstore',
  sorted_set: `bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop
    zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank
    zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore`,
  stream: `xack xackdel xadd xautoclaim xclaim xdel xdelex xgroup xinfo xlen xpending xrange xread xreadgroup xrevrange xsetid
    xtrim`,
  string: `append decr decrby delex digest get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset msetex msetnx
    psetex set setex setnx setrange strlen substr`,
  transactions: 'discard exec multi unwatch watch',
}

const CLASSES = new Map(
  Object.entries(GROUPS).flatMap(([group, names]) => names.split(/\s+/).map((name) => [name, group as CommandClass])),
)

/** Names are looked up as they are given, which is in lower case almost always. */
export function commandClass(name: string): CommandClass {
  return CLASSES.get(name) ?? CLASSES.get(name.toLowerCase()) ?? 'other'
}

const BLOCKING: ReadonlySet<string> = new Set(
  'blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin wait waitaof'.split(' '),
)

/** Whether a command may wait: streams are read so where BLOCK says it. */
export function isBlocking(name: string, args: readonly unknown[]): boolean {
  const lower = name.toLowerCase()
  if (lower === 'xread' || lower === 'xreadgroup') return args.some((arg) => /^block$/i.test(String(arg)))
  return BLOCKING.has(lower)
}
