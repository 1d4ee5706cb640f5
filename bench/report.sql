-- The tables of `sessions.sql` as the files that people open, where no cell is a formula: what `report` does.

create temp macro guarded(cell) as regexp_replace(cell, '^([\s"]*[=+\-@])', '''\1');
create temp macro duration(seconds) as
    printf('%02d:%02d:%02d', seconds // 3600, seconds // 60 % 60, seconds % 60);
create temp macro instant(time) as strftime(time, '%Y-%m-%dT%H:%M:%S.%fZ');

copy (
    select guarded(user_name) as user_name, strftime(login_time, '%Y-%m-%d %H:%M:%S') as login_time,
        duration(inactivity_s) as inactivity_duration, guarded(ip_address) as ip_address, guarded(device) as device,
        'UTC' || strftime(login_time, '%z') as login_utc_offset, session_id, login_observed,
        instant(last_activity_time) as last_activity_time, instant(end_time) as end_time, end_reason, inactivity_s,
        longest_inactivity_s, activity_count, ip_addresses, ip_count, ip_switch_count,
        guarded(user_agent) as user_agent, source, guarded(application) as application, attribution_method,
        login_time::date as login_date
    from read_parquet('$out/sessions.parquet') sessions order by sessions.login_time desc, session_id
) to '$out/recent_activities.csv' (header);

copy (
    select guarded(user_name) as user_name, strftime(window_start_time, '%Y-%m-%d %H:%M:%S') as window_start_time,
        strftime(window_end_time, '%Y-%m-%d %H:%M:%S') as window_end_time, duration(window_s) as inactivity_duration,
        'UTC' || strftime(window_start_time, '%z') as window_start_utc_offset, session_id, window_s
    from read_parquet('$out/windows.parquet') windows
    order by windows.user_name, windows.window_start_time, session_id
) to '$out/inactivity_windows.csv' (header);
