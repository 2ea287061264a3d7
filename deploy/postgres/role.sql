-- A login role without any privilege of its own. Included by provision.sql with `role` and `password` set.

-- The server's log must not learn the password, not even from a failing statement.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

\if :{?password}
\else
    SELECT set_config('fieldreport.role', :'role', false) \g /dev/null
    DO $$ BEGIN RAISE 'set %_PASSWORD in the environment', upper(current_setting('fieldreport.role')); END $$;
\endif

SELECT format('CREATE ROLE %I', :'role') WHERE to_regrole(:'role') IS NULL \gexec
-- NOINHERIT: membership in another role gives nothing until SET ROLE.
ALTER ROLE :"role"
    LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
\unset password
