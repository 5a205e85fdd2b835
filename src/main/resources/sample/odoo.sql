-- A small database shaped like one of Odoo 19: real table and column names (a subset), sequences, constraints, indexes,
-- a view, a quoted table name, one function with a trigger, and made-up content. Plain SQL without psql commands; run it
-- once, as the role that shall own everything, in an empty database. ir_attachment gets only the rows that have no file
-- in the filestore: rows with a file need the SHA-1 of their content, and are inserted by whoever writes the files.

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
    END IF;
END
$$;

CREATE TABLE ir_module_module (
    id serial PRIMARY KEY,
    name varchar NOT NULL CONSTRAINT ir_module_module_name_uniq UNIQUE,
    shortdesc jsonb,
    author varchar,
    state varchar,
    latest_version varchar,
    application boolean DEFAULT false,
    write_date timestamp
);

CREATE TABLE ir_module_module_dependency (
    id serial PRIMARY KEY,
    name varchar,
    module_id integer REFERENCES ir_module_module ON DELETE CASCADE
);

CREATE TABLE ir_config_parameter (
    id serial PRIMARY KEY,
    key varchar NOT NULL CONSTRAINT ir_config_parameter_key_uniq UNIQUE,
    value text NOT NULL,
    create_uid integer,
    create_date timestamp,
    write_uid integer,
    write_date timestamp
);

CREATE TABLE ir_model (
    id serial PRIMARY KEY,
    model varchar NOT NULL CONSTRAINT ir_model_obj_name_uniq UNIQUE,
    name jsonb NOT NULL,
    state varchar DEFAULT 'base'
);

CREATE TABLE ir_model_data (
    id serial PRIMARY KEY,
    create_date timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    module varchar NOT NULL DEFAULT '',
    name varchar NOT NULL,
    model varchar NOT NULL,
    res_id integer,
    noupdate boolean DEFAULT false,
    CONSTRAINT ir_model_data_name_nospaces CHECK (name NOT LIKE '% %')
);
CREATE UNIQUE INDEX ir_model_data_module_name_uniq_index ON ir_model_data (module, name);
CREATE INDEX ir_model_data_model_res_id_index ON ir_model_data (model, res_id);

CREATE TABLE res_currency (
    id serial PRIMARY KEY,
    name varchar NOT NULL CONSTRAINT res_currency_unique_name UNIQUE,
    symbol varchar NOT NULL,
    rounding numeric DEFAULT 0.01,
    active boolean DEFAULT true
);

CREATE TABLE res_country (
    id serial PRIMARY KEY,
    name jsonb NOT NULL,
    code varchar(2) CONSTRAINT res_country_code_uniq UNIQUE
);

CREATE TABLE res_partner (
    id serial PRIMARY KEY,
    company_id integer,
    parent_id integer REFERENCES res_partner ON DELETE SET NULL,
    country_id integer REFERENCES res_country ON DELETE RESTRICT,
    name varchar,
    complete_name varchar,
    email varchar,
    phone varchar,
    street varchar,
    zip varchar,
    city varchar,
    vat varchar,
    lang varchar,
    tz varchar,
    comment text,
    active boolean DEFAULT true,
    is_company boolean DEFAULT false,
    partner_latitude double precision,
    partner_longitude double precision,
    create_date timestamp,
    write_date timestamp,
    CONSTRAINT res_partner_check_name CHECK (name IS NOT NULL)
);
CREATE INDEX res_partner_complete_name_index ON res_partner (complete_name);
CREATE INDEX res_partner_email_lower_index ON res_partner (lower(email)) WHERE active;

CREATE TABLE res_company (
    id serial PRIMARY KEY,
    name varchar NOT NULL CONSTRAINT res_company_name_uniq UNIQUE,
    partner_id integer NOT NULL REFERENCES res_partner,
    currency_id integer NOT NULL REFERENCES res_currency
);
ALTER TABLE res_partner ADD CONSTRAINT res_partner_company_id_fkey
    FOREIGN KEY (company_id) REFERENCES res_company ON DELETE SET NULL;

CREATE TABLE res_users (
    id serial PRIMARY KEY,
    company_id integer NOT NULL REFERENCES res_company,
    partner_id integer NOT NULL REFERENCES res_partner,
    active boolean DEFAULT true,
    login varchar NOT NULL CONSTRAINT res_users_login_key UNIQUE,
    password varchar,
    signature text,
    create_date timestamp,
    write_date timestamp
);

CREATE TABLE res_groups (
    id serial PRIMARY KEY,
    name jsonb NOT NULL
);

CREATE TABLE res_groups_users_rel (
    gid integer NOT NULL REFERENCES res_groups ON DELETE CASCADE,
    uid integer NOT NULL REFERENCES res_users ON DELETE CASCADE,
    PRIMARY KEY (gid, uid)
);

CREATE TABLE ir_attachment (
    id serial PRIMARY KEY,
    res_id integer,
    company_id integer REFERENCES res_company ON DELETE SET NULL,
    file_size integer,
    create_uid integer REFERENCES res_users ON DELETE SET NULL,
    write_uid integer REFERENCES res_users ON DELETE SET NULL,
    name varchar NOT NULL,
    res_model varchar,
    res_field varchar,
    type varchar NOT NULL,
    url varchar(1024),
    access_token varchar,
    store_fname varchar,
    checksum varchar(40),
    mimetype varchar,
    description text,
    index_content text,
    public boolean,
    create_date timestamp DEFAULT (now() AT TIME ZONE 'UTC'),
    write_date timestamp,
    db_datas bytea
);
CREATE INDEX ir_attachment_store_fname_index ON ir_attachment (store_fname) WHERE store_fname IS NOT NULL;
CREATE INDEX ir_attachment_checksum_index ON ir_attachment (checksum);
CREATE INDEX ir_attachment_res_idx ON ir_attachment (res_model, res_id);

CREATE TABLE ir_act_server (
    id serial PRIMARY KEY,
    name jsonb NOT NULL,
    model_id integer REFERENCES ir_model ON DELETE CASCADE,
    state varchar NOT NULL,
    code text
);

CREATE TABLE ir_cron (
    id serial PRIMARY KEY,
    ir_actions_server_id integer NOT NULL REFERENCES ir_act_server ON DELETE RESTRICT,
    cron_name varchar,
    user_id integer NOT NULL REFERENCES res_users,
    active boolean,
    interval_number integer NOT NULL,
    interval_type varchar NOT NULL,
    nextcall timestamp NOT NULL,
    lastcall timestamp,
    priority integer,
    failure_count integer DEFAULT 0
);

CREATE TABLE ir_mail_server (
    id serial PRIMARY KEY,
    name varchar NOT NULL,
    smtp_host varchar,
    smtp_port integer,
    smtp_user varchar,
    smtp_pass varchar,
    smtp_encryption varchar NOT NULL,
    smtp_authentication varchar NOT NULL,
    sequence integer,
    active boolean
);

CREATE TABLE fetchmail_server (
    id serial PRIMARY KEY,
    name varchar NOT NULL,
    server varchar,
    port integer,
    "user" varchar,
    password varchar,
    server_type varchar NOT NULL,
    state varchar,
    active boolean
);

CREATE TABLE payment_provider (
    id serial PRIMARY KEY,
    code varchar NOT NULL,
    name jsonb NOT NULL,
    state varchar NOT NULL
);

CREATE TABLE ir_sequence (
    id serial PRIMARY KEY,
    name varchar NOT NULL,
    code varchar,
    implementation varchar NOT NULL,
    prefix varchar,
    padding integer NOT NULL,
    number_next integer NOT NULL,
    number_increment integer NOT NULL,
    active boolean
);
CREATE SEQUENCE ir_sequence_001 START WITH 1;

CREATE TABLE mail_message (
    id serial PRIMARY KEY,
    subject varchar,
    date timestamp,
    body text,
    model varchar,
    res_id integer,
    message_type varchar NOT NULL,
    author_id integer REFERENCES res_partner ON DELETE SET NULL,
    message_id varchar
);
CREATE INDEX mail_message_model_res_id_idx ON mail_message (model, res_id);

CREATE TABLE product_template (
    id serial PRIMARY KEY,
    name jsonb NOT NULL,
    type varchar NOT NULL,
    list_price numeric,
    active boolean DEFAULT true
);

CREATE TABLE product_product (
    id serial PRIMARY KEY,
    product_tmpl_id integer NOT NULL REFERENCES product_template ON DELETE CASCADE,
    default_code varchar,
    barcode varchar,
    active boolean DEFAULT true
);

CREATE TABLE "Products" (
    id serial PRIMARY KEY,
    "Display Name" varchar,
    payload bytea,
    notes text
);

CREATE TABLE account_account (
    id serial PRIMARY KEY,
    name jsonb NOT NULL,
    code_store jsonb,
    account_type varchar NOT NULL
);

CREATE TABLE account_journal (
    id serial PRIMARY KEY,
    name jsonb NOT NULL,
    code varchar(5) NOT NULL,
    type varchar NOT NULL,
    company_id integer NOT NULL REFERENCES res_company
);

CREATE TABLE account_move (
    id serial PRIMARY KEY,
    sequence_number integer,
    name varchar,
    ref varchar,
    date date NOT NULL,
    invoice_date date,
    state varchar NOT NULL,
    move_type varchar NOT NULL,
    journal_id integer NOT NULL REFERENCES account_journal,
    company_id integer REFERENCES res_company ON DELETE SET NULL,
    currency_id integer NOT NULL REFERENCES res_currency,
    partner_id integer REFERENCES res_partner ON DELETE RESTRICT,
    amount_untaxed numeric,
    amount_tax numeric,
    amount_total numeric,
    payment_state varchar,
    narration text,
    inalterable_hash varchar,
    create_date timestamp,
    write_date timestamp
);
CREATE UNIQUE INDEX account_move_unique_name ON account_move (name, journal_id) WHERE state = 'posted' AND name <> '/';

CREATE TABLE account_move_line (
    id serial PRIMARY KEY,
    move_id integer NOT NULL REFERENCES account_move ON DELETE CASCADE,
    account_id integer REFERENCES account_account ON DELETE CASCADE,
    partner_id integer REFERENCES res_partner ON DELETE RESTRICT,
    product_id integer REFERENCES product_product ON DELETE RESTRICT,
    name varchar,
    quantity numeric,
    price_unit numeric,
    debit numeric,
    credit numeric,
    balance numeric,
    CONSTRAINT account_move_line_check_credit_debit CHECK (credit * debit = 0)
);
CREATE INDEX account_move_line_move_id_index ON account_move_line (move_id);

CREATE TABLE sale_order (
    id serial PRIMARY KEY,
    name varchar NOT NULL,
    state varchar,
    partner_id integer NOT NULL REFERENCES res_partner,
    company_id integer NOT NULL REFERENCES res_company,
    date_order timestamp NOT NULL,
    amount_total numeric
);

CREATE TABLE sale_order_line (
    id serial PRIMARY KEY,
    order_id integer NOT NULL REFERENCES sale_order ON DELETE CASCADE,
    product_id integer REFERENCES product_product ON DELETE RESTRICT,
    name text NOT NULL,
    product_uom_qty numeric NOT NULL,
    price_unit numeric NOT NULL
);

CREATE TABLE stock_quant (
    id serial PRIMARY KEY,
    product_id integer NOT NULL REFERENCES product_product ON DELETE RESTRICT,
    quantity numeric,
    in_date timestamp NOT NULL
);

CREATE TABLE res_users_log (
    id serial PRIMARY KEY,
    create_uid integer,
    create_date timestamp
);

CREATE VIEW account_invoice_report AS
    SELECT move.id, move.partner_id, move.invoice_date, sum(line.price_unit * line.quantity) AS price_subtotal
    FROM account_move move
    JOIN account_move_line line ON line.move_id = move.id
    WHERE move.move_type = 'out_invoice'
    GROUP BY move.id, move.partner_id, move.invoice_date;

CREATE FUNCTION lifeboat_sample_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.write_date := now() AT TIME ZONE 'UTC';
    RETURN NEW;
END
$$;
CREATE TRIGGER lifeboat_sample_touch BEFORE UPDATE ON sale_order_line
    FOR EACH ROW WHEN (false) EXECUTE FUNCTION lifeboat_sample_touch();

-- content

INSERT INTO ir_module_module (name, shortdesc, author, state, latest_version, application, write_date)
SELECT name, jsonb_build_object('en_US', initcap(replace(name, '_', ' '))), 'Odoo S.A.', state, version, app,
       timestamp '2026-01-05 08:00:00'
FROM (VALUES
    ('base', 'installed', '19.0.1.3', false),
    ('web', 'installed', '19.0.1.0', false),
    ('mail', 'installed', '19.0.1.19', true),
    ('contacts', 'installed', '19.0.1.0', true),
    ('product', 'installed', '19.0.1.2', false),
    ('account', 'installed', '19.0.1.4', true),
    ('sale', 'installed', '19.0.1.2', false),
    ('sale_management', 'installed', '19.0.1.0', true),
    ('stock', 'installed', '19.0.1.1', true),
    ('payment', 'installed', '19.0.2.0', false),
    ('website', 'uninstalled', NULL, true),
    ('crm', 'uninstalled', NULL, true)) AS module (name, state, version, app);

INSERT INTO ir_module_module_dependency (name, module_id)
SELECT 'base', id FROM ir_module_module WHERE name <> 'base';

INSERT INTO ir_config_parameter (key, value, create_uid, create_date)
VALUES
    ('database.uuid', gen_random_uuid()::text, 1, timestamp '2026-01-05 08:00:00'),
    ('database.secret', gen_random_uuid()::text, 1, timestamp '2026-01-05 08:00:00'),
    ('database.create_date', '2026-01-05 08:00:00', 1, timestamp '2026-01-05 08:00:00'),
    ('web.base.url', 'http://127.0.0.1:8069', 1, timestamp '2026-01-05 08:00:00'),
    ('mail.catchall.domain.allowed', '', 1, timestamp '2026-01-05 08:00:00');

INSERT INTO ir_model (model, name)
SELECT model, jsonb_build_object('en_US', label)
FROM (VALUES ('res.partner', 'Contact'), ('res.users', 'User'), ('account.move', 'Journal Entry'),
             ('ir.attachment', 'Attachment'), ('sale.order', 'Sales Order')) AS m (model, label);

INSERT INTO res_currency (name, symbol) VALUES ('EUR', '€'), ('USD', '$'), ('CHF', 'CHF');

INSERT INTO res_country (name, code)
VALUES ('{"en_US": "Germany", "de_DE": "Deutschland"}', 'DE'), ('{"en_US": "Austria", "de_DE": "Österreich"}', 'AT'),
       ('{"en_US": "France"}', 'FR'), ('{"en_US": "Belgium"}', 'BE');

INSERT INTO res_partner (name, complete_name, email, is_company, country_id, lang, tz, create_date)
VALUES ('Harbour Trading', 'Harbour Trading', 'office@harbour.example', true, 1, 'en_US', 'Europe/Berlin',
        timestamp '2026-01-05 08:00:00');
INSERT INTO res_company (name, partner_id, currency_id) VALUES ('Harbour Trading', 1, 1);
INSERT INTO res_partner (company_id, name, complete_name, email, phone, street, zip, city, country_id, vat, lang, tz,
                         comment, is_company, partner_latitude, partner_longitude, create_date, write_date)
SELECT 1, 'Partner ' || n, 'Partner ' || n, 'partner' || n || '@example.com', '+49 30 ' || lpad(n::text, 7, '0'),
       n || ' Pier Street', lpad((n * 37 % 100000)::text, 5, '0'), 'Hafen ' || n % 17, 1 + n % 4,
       CASE WHEN n % 3 = 0 THEN 'DE' || lpad(n::text, 9, '0') END, 'en_US', 'Europe/Berlin',
       CASE n % 5 WHEN 0 THEN E'two lines\nand a\ttab' WHEN 1 THEN E'back\\slash and \\. alone' WHEN 2 THEN '' END,
       n % 3 = 0, 47.0 + n / 97.0, 8.0 + n / 89.0,
       timestamp '2026-01-05 08:00:00' + n * interval '97 minutes',
       timestamp '2026-06-01 08:00:00' + n * interval '13 minutes'
FROM generate_series(2, 300) AS n;

INSERT INTO res_users (company_id, partner_id, login, password, create_date)
SELECT 1, n, login, '$pbkdf2-sha512$600000$sample$' || md5(login), timestamp '2026-01-05 08:00:00'
FROM (VALUES (1, '__system__'), (2, 'admin'), (3, 'anna'), (4, 'bruno'), (5, 'clara')) AS u (n, login);

INSERT INTO res_groups (name) VALUES ('{"en_US": "User"}'), ('{"en_US": "Administrator"}'), ('{"en_US": "Billing"}');
INSERT INTO res_groups_users_rel (gid, uid) SELECT 1, id FROM res_users;
INSERT INTO res_groups_users_rel (gid, uid) VALUES (2, 1), (2, 2), (3, 3);

INSERT INTO ir_attachment (name, type, url, mimetype, public, file_size, create_uid)
VALUES ('Handbook', 'url', 'https://www.odoo.com/documentation/19.0/', NULL, true, NULL, 2),
       ('empty.txt', 'binary', NULL, 'text/plain', false, 0, 2);
INSERT INTO ir_attachment (name, type, mimetype, public, file_size, checksum, db_datas, create_uid)
VALUES ('in-database.bin', 'binary', 'application/octet-stream', false, 4,
        'fa461d7f0f4b9b7d6a1f6e2b6a8f6c3f1f9dd3f4', '\x00ff5c0a', 2);

INSERT INTO ir_act_server (name, model_id, state, code)
SELECT jsonb_build_object('en_US', name), 1, 'code', 'model._cron()'
FROM (VALUES ('Base: Auto-vacuum internal data'), ('Mail: Email Queue Manager'), ('Account: Post draft entries'))
     AS a (name);
INSERT INTO ir_cron (ir_actions_server_id, cron_name, user_id, active, interval_number, interval_type, nextcall, priority)
SELECT id, name ->> 'en_US', 1, true, 1, 'days', timestamp '2026-07-01 02:00:00', 5 FROM ir_act_server;

INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_user, smtp_pass, smtp_encryption, smtp_authentication,
                            sequence, active)
VALUES ('Outgoing', 'smtp.example.com', 465, 'office', 'sample-secret', 'ssl', 'login', 10, true);
INSERT INTO fetchmail_server (name, server, port, "user", password, server_type, state, active)
VALUES ('Incoming', 'imap.example.com', 993, 'office', 'sample-secret', 'imap', 'done', true);
INSERT INTO payment_provider (code, name, state)
VALUES ('stripe', '{"en_US": "Stripe"}', 'enabled'), ('custom', '{"en_US": "Wire Transfer"}', 'enabled');

INSERT INTO ir_sequence (name, code, implementation, prefix, padding, number_next, number_increment, active)
VALUES ('Sales Order', 'sale.order', 'standard', 'S', 5, 1, 1, true);
SELECT setval('ir_sequence_001', 150, true);

INSERT INTO product_template (name, type, list_price)
SELECT jsonb_build_object('en_US', 'Product ' || n, 'de_DE', 'Ware „' || n || '“'), 'consu', n * 1.5
FROM generate_series(1, 60) AS n;
INSERT INTO product_product (product_tmpl_id, default_code, barcode)
SELECT id, 'P' || lpad(id::text, 4, '0'), '40' || lpad(id::text, 11, '0') FROM product_template;
INSERT INTO "Products" ("Display Name", payload, notes)
SELECT 'Item "' || n || '"', decode(md5(n::text), 'hex'), CASE WHEN n % 2 = 0 THEN E'\\.\n\\N' END
FROM generate_series(1, 40) AS n;

INSERT INTO account_account (name, code_store, account_type)
VALUES ('{"en_US": "Receivable"}', '{"1": "121000"}', 'asset_receivable'),
       ('{"en_US": "Product Sales"}', '{"1": "400000"}', 'income'),
       ('{"en_US": "Tax Received"}', '{"1": "251000"}', 'liability_current');
INSERT INTO account_journal (name, code, type, company_id)
VALUES ('{"en_US": "Customer Invoices"}', 'INV', 'sale', 1), ('{"en_US": "Bank"}', 'BNK1', 'bank', 1);

INSERT INTO account_move (sequence_number, name, ref, date, invoice_date, state, move_type, journal_id, company_id,
                          currency_id, partner_id, amount_untaxed, amount_tax, amount_total, payment_state, narration,
                          create_date, write_date)
SELECT n, 'INV/2026/' || lpad(n::text, 5, '0'), 'S' || lpad(n::text, 5, '0'), date '2026-01-05' + n, date '2026-01-05' + n,
       CASE WHEN n % 20 = 0 THEN 'draft' ELSE 'posted' END, 'out_invoice', 1, 1, 1, 2 + n % 299,
       n * 10.00, n * 1.90, n * 11.90, CASE WHEN n % 2 = 0 THEN 'paid' ELSE 'not_paid' END,
       CASE WHEN n % 7 = 0 THEN '<p>Thank you</p>' END,
       timestamp '2026-01-05 09:00:00' + n * interval '1 day', timestamp '2026-01-05 10:00:00' + n * interval '1 day'
FROM generate_series(1, 200) AS n;
INSERT INTO account_move_line (move_id, account_id, partner_id, product_id, name, quantity, price_unit, debit, credit,
                               balance)
SELECT m.id, a.id, m.partner_id, CASE WHEN a.id = 2 THEN 1 + m.id % 60 END, 'Line ' || a.id || ' of ' || m.name, 1,
       CASE WHEN a.id = 2 THEN m.amount_untaxed ELSE 0 END,
       CASE WHEN a.id = 1 THEN m.amount_total ELSE 0 END,
       CASE a.id WHEN 2 THEN m.amount_untaxed WHEN 3 THEN m.amount_tax ELSE 0 END,
       CASE a.id WHEN 1 THEN m.amount_total WHEN 2 THEN -m.amount_untaxed ELSE -m.amount_tax END
FROM account_move m CROSS JOIN account_account a;

INSERT INTO sale_order (name, state, partner_id, company_id, date_order, amount_total)
SELECT 'S' || lpad(n::text, 5, '0'), CASE WHEN n % 4 = 0 THEN 'draft' ELSE 'sale' END, 2 + n % 299, 1,
       timestamp '2026-01-05 09:00:00' + n * interval '1 day', n * 11.90
FROM generate_series(1, 150) AS n;
INSERT INTO sale_order_line (order_id, product_id, name, product_uom_qty, price_unit)
SELECT o.id, 1 + (o.id + l) % 60, 'Line ' || l, l, 2.5 * l FROM sale_order o CROSS JOIN generate_series(1, 3) AS l;
INSERT INTO stock_quant (product_id, quantity, in_date)
SELECT id, id % 13, timestamp '2026-02-01 00:00:00' FROM product_product;
INSERT INTO mail_message (subject, date, body, model, res_id, message_type, author_id, message_id)
SELECT 'Invoice ' || name, create_date, '<p>' || repeat('text ' || id || ' ', 1 + id % 30) || '</p>', 'account.move', id,
       'notification', 2, '<' || md5(name) || '@harbour.example>'
FROM account_move;
INSERT INTO res_users_log (create_uid, create_date)
SELECT 2, timestamp '2026-06-01 08:00:00' + n * interval '1 hour' FROM generate_series(1, 25) AS n;

INSERT INTO ir_model_data (module, name, model, res_id)
SELECT 'base', 'module_' || name, 'ir.module.module', id FROM ir_module_module;
INSERT INTO ir_model_data (module, name, model, res_id)
SELECT 'base', 'sample_partner_' || id, 'res.partner', id FROM res_partner;
