-- Attribution, sessions and inactivity windows as DuckDB's window functions can do them: what `bench.sessions` compares
-- with. `$events` is a glob, `$out` a folder.
--
-- The same rules but for what SQL has no loop for: a session is of one user on one device, so references and addresses
-- join nothing, one login recorded by two sources is two, and a logout closes its device's session only. The absolute
-- timeout cuts at its multiples since the session began, and users without a pause are not told from others. All of
-- this is less work than the rules ask for.

create temp view events as select *, row_number() over () as number from read_parquet('$events');

create temp table logins as
select event_time, file_id, line_number, user_name, lower(user_name) as folded, session_reference, ip_address, user_agent
from events where event_class = 'login' and outcome = 'success' and user_name is not null;

-- the time of the latest login of another user on the same keys, beside each login

create temp table by_both as
select *, max(case when folded != before then time_before end) over w as other_time
from (
    select *, lag(folded) over k as before, lag(event_time) over k as time_before
    from logins where ip_address is not null and user_agent is not null
    window k as (partition by ip_address, user_agent order by event_time, file_id, line_number)
) window w as (partition by ip_address, user_agent order by event_time, file_id, line_number);

create temp table by_reference as
select *, max(case when folded != before then time_before end) over w as other_time
from (
    select *, lag(folded) over k as before, lag(event_time) over k as time_before
    from logins where session_reference is not null
    window k as (partition by session_reference order by event_time, file_id, line_number)
) window w as (partition by session_reference order by event_time, file_id, line_number);

create temp table by_address as
select *, max(case when folded != before then time_before end) over w as other_time,
    max(case when user_agent is null then event_time end) over w as agentless_time
from (
    select *, lag(folded) over k as before, lag(event_time) over k as time_before
    from logins where ip_address is not null
    window k as (partition by ip_address order by event_time, file_id, line_number)
) window w as (partition by ip_address order by event_time, file_id, line_number);

create temp view sought as
select e.*,
    r.user_name as r_user, r.event_time >= e.event_time - interval '$absolute' as r_found,
    coalesce(r.other_time >= e.event_time - interval '$absolute', false) as r_several,
    b.user_name as b_user, b.event_time >= e.event_time - interval '$absolute' as b_found,
    coalesce(b.other_time >= e.event_time - interval '$absolute', false) as b_several,
    a.user_name as a_user, a.agentless_time >= e.event_time - interval '$absolute' as a_found,
    coalesce(a.other_time >= e.event_time - interval '$absolute', false) as a_several
from (
    select *, case when event_class in ('activity', 'background', 'logout') then ip_address end as place
    from events where user_name is null
) e
asof left join by_reference r on e.session_reference = r.session_reference and e.event_time >= r.event_time
asof left join by_both b
    on e.place = b.ip_address and e.user_agent = b.user_agent and e.event_time >= b.event_time
asof left join by_address a on e.place = a.ip_address and e.event_time >= a.event_time;

create temp table attributed as
select number, event_time, source, event_class, user_name, 'log_user' as attribution_method, application, ip_address,
    user_agent, device, file_id, line_number, outcome
from events where user_name is not null
union all
select number, event_time, source, event_class,
    case when r_found then case when not r_several then r_user end
        when b_found then case when not b_several then b_user end
        when a_found and not a_several then a_user end,
    case when r_found then if(r_several, 'ambiguous', 'session_reference')
        when b_found then if(b_several, 'ambiguous', 'address_and_device')
        when a_found then if(a_several, 'ambiguous', 'address') else 'anonymous' end,
    application, ip_address, user_agent, device, file_id, line_number, outcome
from sought;

-- what is sorted and compared is a number, and what windows carry is little

create temp table kins as
select device, regexp_replace(device, '( [0-9][0-9./]*)+( |$$)', '\2', 'g') as kin
from (select distinct device from attributed);
create temp table people as
select user_name, device, dense_rank() over (order by lower(user_name), kin) as who
from (select distinct user_name, device from attributed where user_name is not null) join kins using (device);
create temp table files as
select file_id, row_number() over (order by file_id) as file from (select distinct file_id from attributed);
create temp table addresses as
select ip_address, row_number() over () as address
from (select distinct ip_address from attributed where ip_address is not null);

create temp table relevant as
select number, who, file, line_number, address, epoch_us(event_time) as time, event_class = 'login' as is_login,
    event_class in ('login', 'activity') as is_action, event_class in ('logout', 'session_end') as is_end,
    event_class = 'logout' as is_logout
from attributed join people using (user_name, device) join files using (file_id) left join addresses using (ip_address)
where event_class in ('login', 'activity', 'background', 'logout', 'session_end')
    and (event_class != 'login' or outcome = 'success') and event_time < timestamptz '$as_of';

create temp view begun as
select *, is_action and (is_login or acted is null or time - acted > $idle_us or ended >= acted) as begins
from (
    select *, max(case when is_action then time end) over w as acted, max(case when is_end then time end) over w as ended
    from relevant
    window w as (partition by who order by time, file, line_number rows between unbounded preceding and 1 preceding)
);
create temp view numbered as
select *, max(case when begins then time end) over w as began, sum(begins::int) over w as stretch
from begun
window w as (partition by who order by time, file, line_number rows between unbounded preceding and current row);

create temp table members as
select *, case when lag((stretch, part)) over w = (stretch, part) then lag(address) over w end as address_before,
    case when lag((stretch, part)) over w = (stretch, part) then acted end as action_before
from (select *, (time - began) // $absolute_us as part from numbered where stretch > 0)
where is_action or (time - acted <= $idle_us and (ended is null or ended < acted))
window w as (partition by who order by time, file, line_number);

create temp table sessions as
select *,
    case when closing_time is not null then closing_time
        when absolute_time <= idle_time and absolute_time < $as_of_us then absolute_time
        when superseded_time <= idle_time then superseded_time
        when idle_time < $as_of_us then idle_time end as end_us,
    case when closing_time is not null then closing_reason
        when absolute_time <= idle_time and absolute_time < $as_of_us then 'absolute_timeout'
        when superseded_time <= idle_time then 'superseded'
        when idle_time < $as_of_us then 'idle_timeout' else 'active' end as end_reason
from (
    select who, stretch, part, arg_min(number, (time, file, line_number)) as opening, min(time) as began,
        bool_or(is_login) as login_observed,
        max(time) filter (is_action) as last_action, max(time) filter (is_end) as closing_time,
        if(bool_or(is_logout), 'logout', 'revoked') as closing_reason,
        lead(min(time)) over (partition by who order by stretch, part) as superseded_time,
        max(time) filter (is_action) + $idle_us as idle_time, min(time) + $absolute_us as absolute_time,
        max(time - action_before) filter (is_action) as longest, count(*) filter (is_action) as actions,
        list_distinct(list(address) filter (not is_end)) as ip_addresses,
        count(*) filter (address != address_before and not is_end) as ip_switch_count
    from members group by who, stretch, part
);
create temp table identified as
select s.*, left(sha256(concat_ws(',', lower(user_name), source, began, ip_address, user_agent)), 32) as session_id,
    user_name, ip_address, device, user_agent, source, application, attribution_method
from sessions s join attributed a on s.opening = a.number;

copy (
    select session_id, user_name, make_timestamptz(began) as login_time, login_observed,
        make_timestamptz(last_action) as last_activity_time, make_timestamptz(end_us) as end_time, end_reason,
        (coalesce(end_us, $as_of_us) - last_action) // 1000000 as inactivity_s,
        greatest(longest, coalesce(end_us, $as_of_us) - last_action) // 1000000 as longest_inactivity_s,
        actions - login_observed::int as activity_count, ip_address, ip_addresses, len(ip_addresses) as ip_count,
        ip_switch_count, device, user_agent, source, application, attribution_method
    from identified order by session_id
) to '$out/sessions.parquet' (compression zstd);

copy (
    select session_id, make_timestamptz(start_time) as window_start_time, make_timestamptz(stop_time) as window_end_time,
        (stop_time - start_time) // 1000000 as window_s, user_name, make_timestamptz(began) as login_time
    from (
        select who, stretch, part, time as start_time,
            lead(time) over (partition by who, stretch, part order by time, file, line_number) as next_time
        from members where is_action
    ) join identified using (who, stretch, part), lateral (select coalesce(next_time, end_us, $as_of_us) as stop_time)
    where stop_time - start_time > $window_us
    order by session_id, start_time
) to '$out/windows.parquet' (compression zstd);
