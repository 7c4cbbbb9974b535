-- The roles and one database. Run by a superuser with psql, once per database; running it again changes nothing but
-- passwords. Works on PostgreSQL 15 and later.
--
--   psql -X -v database=linli -f migrations/roles.sql postgresql://postgres@host/postgres
--
-- Passwords come from -v owner_password=… -v app_password=… -v worker_password=…, or, so that they stay out of the list
-- of processes, from the environment: LINLI_OWNER_PASSWORD, LINLI_APP_PASSWORD, LINLI_WORKER_PASSWORD. The database is
-- "linli" unless named. Mounted as it is, this file serves the official container image as an initdb script.
-- -v template=… copies a database instead of an empty one (tests: one database per worker).

\set ON_ERROR_STOP on
\if :{?owner_password}
\else
  \getenv owner_password LINLI_OWNER_PASSWORD
\endif
\if :{?app_password}
\else
  \getenv app_password LINLI_APP_PASSWORD
\endif
\if :{?worker_password}
\else
  \getenv worker_password LINLI_WORKER_PASSWORD
\endif
\if :{?database}
\else
  \set database linli
\endif
\if :{?template}
\else
  \set template template0
\endif

-- A role with an empty password could not log in, and nobody would know why. psql says it and ends with 3.
SELECT :'owner_password' = '' OR :'app_password' = '' OR :'worker_password' = '' AS empty \gset
\if :empty
  DO $$ BEGIN RAISE EXCEPTION '口令是空的 | owner_password, app_password or worker_password is empty'; END $$;
\endif

-- Two runs at once would trip over each other's CREATE ROLE. A session lock, since CREATE DATABASE allows no transaction.
SET client_min_messages = warning;
SELECT pg_advisory_lock(hashtext('linli roles')) \g /dev/null

SELECT format('CREATE ROLE %I', wanted.name)
FROM (VALUES ('linli_owner'), ('linli_app'), ('linli_worker'), ('linli_checker')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) \gexec

ALTER ROLE linli_owner WITH LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'owner_password';
ALTER ROLE linli_app WITH LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'app_password';
ALTER ROLE linli_worker WITH LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'worker_password';
-- Owns the SECURITY DEFINER functions; nobody logs in as it.
ALTER ROLE linli_checker WITH NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD NULL;

-- A request answers within 5 s or not at all; a sweep may take longer; a migration sets its own lock_timeout.
ALTER ROLE linli_app SET statement_timeout = '5s';
ALTER ROLE linli_app SET lock_timeout = '3s';
ALTER ROLE linli_app SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE linli_worker SET statement_timeout = '30s';
ALTER ROLE linli_worker SET lock_timeout = '5s';
ALTER ROLE linli_worker SET idle_in_transaction_session_timeout = '30s';

-- Lets the owner hand functions over to the checker. A plain GRANT carries INHERIT and SET on 15 as well as on 16 and later.
GRANT linli_checker TO linli_owner;

SELECT format('CREATE DATABASE %I OWNER linli_owner TEMPLATE %I ENCODING ''UTF8''', :'database', :'template')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO linli_app, linli_worker;
-- An import of places is staged in a temporary table.
GRANT TEMPORARY ON DATABASE :"database" TO linli_app;
-- PostgreSQL 15 and later give CREATE on schema public to the database's owner alone.
