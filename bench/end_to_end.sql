-- A day's log and logins as events, as DuckDB reads them fastest: then comes `sessions.sql`, and after it `report.sql`.
-- What `bench.end_to_end` compares with. `$log` and `$logins` are files, `$out` a folder.
--
-- Its CSV reader takes no backslash for one and breaks on lines that are not as it expects them, its strings are not
-- cleaned of secrets, no line is known to be lost or not, and no device is told beyond what the generated log has.

set TimeZone = 'UTC';

create temp table requests as
select strptime(c3 || ' ' || c4, '[%d/%b/%Y:%H:%M:%S %z]') as event_time, 'panel' as source,
    split_part(c5, ' ', 1) as http_method, split_part(split_part(c5, ' ', 2), '?', 1) as http_path,
    nullif(split_part(split_part(c5, ' ', 2), '?', 2), '') as http_query, c6::smallint as http_status,
    try_cast(c7 as bigint) as response_bytes, nullif(c8, '-') as referrer, nullif(c9, '-') as user_agent,
    nullif(c2, '-') as user_name, c0 as ip_address
from read_csv('$log', sep = ' ', quote = '"', escape = '', header = false, auto_detect = false,
    columns = {'c0': 'varchar', 'c1': 'varchar', 'c2': 'varchar', 'c3': 'varchar', 'c4': 'varchar', 'c5': 'varchar',
        'c6': 'varchar', 'c7': 'varchar', 'c8': 'varchar', 'c9': 'varchar'});

create temp table records as
select published as event_time, 'okta' as source, eventType as event_action, uuid as source_event_id,
    case eventType when 'user.authentication.sso' then 'login' when 'user.session.start' then 'login'
        when 'user.session.end' then 'logout' else 'other' end as event_class,
    case outcome.result when 'SUCCESS' then 'success' when 'FAILURE' then 'failure' else 'unknown' end as outcome,
    actor.alternateId as user_name, authenticationContext.externalSessionId as session_reference,
    list_filter(target, lambda one: one.type = 'AppInstance')[1].displayName as application,
    client.ipAddress as ip_address, client.userAgent.rawUserAgent as user_agent
from read_json('$logins', format = 'newline_delimited', columns = {
    'published': 'timestamptz', 'eventType': 'varchar', 'uuid': 'varchar', 'outcome': 'struct(result varchar)',
    'actor': 'struct(alternateId varchar)', 'authenticationContext': 'struct(externalSessionId varchar)',
    'target': 'struct("type" varchar, displayName varchar)[]',
    'client': 'struct(ipAddress varchar, userAgent struct(rawUserAgent varchar))'});

create temp table devices as
select user_agent, case
        when user_agent like '%Chrome/%' then 'Chrome ' || regexp_extract(user_agent, 'Chrome/([0-9]+)', 1)
        when user_agent like '%Firefox/%' then 'Firefox ' || regexp_extract(user_agent, 'Firefox/([0-9]+)', 1)
        when user_agent like '%Safari/%' then 'Safari ' || regexp_extract(user_agent, 'Version/([0-9]+)', 1)
        else 'unknown' end
    || case when user_agent like '%Windows NT 10.0%' then ' · Windows 10/11'
        when user_agent like '%Mac OS X%' then ' · macOS' when user_agent like '%Linux%' then ' · Linux' else '' end
    as device
from (select user_agent from requests union select user_agent from records);

copy (
    select event_time, source, if(http_path = '/logout' and http_method = 'POST', 'logout',
            if(regexp_matches(http_path, '^/(health|healthz|health/.*|livez|readyz|ping|favicon[.]ico|robots[.]txt)$$')
                or regexp_matches(http_path, '[.](css|js|map|png|jpe?g|gif|svg|ico|webp|woff2?|ttf)$$'),
            'background', 'activity')) as event_class, null::varchar as event_action,
        if(http_status < 400, 'success', 'failure') as outcome, user_name, null::varchar as session_reference,
        null::varchar as application, ip_address, user_agent, device, http_method, http_path, http_query, http_status,
        response_bytes, referrer, null::varchar as source_event_id, 'access.log' as file_id, requests.rowid as line_number
    from requests left join devices using (user_agent)
    union all
    select event_time, source, event_class, event_action, outcome, user_name, session_reference, application,
        ip_address, user_agent, device, null, null, null, null, null, null, source_event_id, 'okta.json', records.rowid
    from records left join devices using (user_agent)
) to '$out/events.parquet' (compression zstd);
drop table requests;
drop table records;
