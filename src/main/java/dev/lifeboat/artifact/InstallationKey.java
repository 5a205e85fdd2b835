package dev.lifeboat.artifact;

import dev.lifeboat.digest.Hashes;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.store.DurableFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The ed25519 key (RFC 8032) of this installation. It signs manifests and evidence, so that a change by anybody who can write
 * to a store, but not to the data folder, is seen.
 *
 * <p>Kept in {@code <data>/keys/installation.key} (0600): the private key as PKCS#8 PEM and after it the public key;
 * {@code installation.pub} beside it is the public key alone, for openssl and for other installations.
 */
public final class InstallationKey {
    /** The algorithm's name in a signature. */
    public static final String ALGORITHM = "Ed25519";

    private static final String PRIVATE = "PRIVATE KEY";
    private static final String PUBLIC = "PUBLIC KEY";
    private static final int MAX_FILE_BYTES = 1 << 16;
    private static final byte[] TRIAL = "lifeboat".getBytes(StandardCharsets.US_ASCII);

    private final PrivateKey privateKey;
    private final PublicKey publicKey;

    private InstallationKey(PrivateKey privateKey, PublicKey publicKey) {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
    }

    /**
     * The key in the folder {@code keys}, made elsewhere: functions and sidecars are given the engine's.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where none is there, or it can't be used
     */
    public static InstallationKey openIn(Path keys) {
        Path file = keys.resolve("installation.key");
        try {
            return read(file);
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "The installation's signing key " + file
                                    + " can't be read; functions and sidecars use the engine's" + " and make none",
                            "Give this process the folder with the engine's key: lifeboat.keys-dir.")
                    .with("tool_output", e.toString())
                    .toException(e);
        }
    }

    /**
     * The installation's key in the folder {@code keys}, made at first use. Of several processes that come first at once, all get
     * the one key that stays.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_CONFIGURATION where the file is no such key or can't be read or made
     */
    public static InstallationKey openOrCreateIn(Path folder) {
        Path file = folder.resolve("installation.key");
        try {
            if (!Files.exists(file)) {
                create(folder, file);
            }
            InstallationKey key = read(file);
            byte[] pub = pem(PUBLIC, key.publicKey.getEncoded()).getBytes(StandardCharsets.US_ASCII);
            Path copy = folder.resolve("installation.pub");
            if (!Files.exists(copy) || !Arrays.equals(Files.readAllBytes(copy), pub)) {
                DurableFiles.replace(copy, pub);
            }
            return key;
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw Fault.of(
                            FaultCode.BAD_CONFIGURATION,
                            "The installation's signing key " + file + " can't be used; it was left as it is",
                            "Restore the file from a copy, or move it away: a new key is made then, and artifacts signed with"
                                    + " the old one read as those of another installation.")
                    .with("tool_output", e.toString())
                    .toException(e);
        }
    }

    /** The first 16 hex digits of the SHA-256 of the public key (its X.509 SubjectPublicKeyInfo). */
    public String keyId() {
        return keyId(publicKey);
    }

    /** The public key. */
    public PublicKey publicKey() {
        return publicKey;
    }

    /** Signs a message; 64 bytes. */
    public byte[] sign(byte[] message) {
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(privateKey);
            signature.update(message);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the installation key can't sign", e);
        }
    }

    /** Whether {@code signature} is that of {@code message} by the owner of {@code key}. */
    public static boolean verify(PublicKey key, byte[] message, byte[] signature) {
        try {
            Signature verifier = Signature.getInstance(ALGORITHM);
            verifier.initVerify(key);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** The name of a public key, as {@link #keyId()}. */
    public static String keyId(PublicKey key) {
        return HexFormat.of().formatHex(Hashes.sha256().digest(key.getEncoded()), 0, 8);
    }

    /** The SHA-256 of a public key (its X.509 SubjectPublicKeyInfo), 64 hex digits: what names a key that is to be trusted. */
    public static String fingerprint(PublicKey key) {
        return Hashes.sha256(key.getEncoded());
    }

    /** The public key with this X.509 SubjectPublicKeyInfo; empty where the bytes are none, or not its one encoding. */
    public static Optional<PublicKey> publicKey(byte[] encoded) {
        try {
            PublicKey key = KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
            return Arrays.equals(key.getEncoded(), encoded) ? Optional.of(key) : Optional.empty();
        } catch (GeneralSecurityException e) {
            return Optional.empty();
        }
    }

    /**
     * The public key of the installation with this data folder; empty where it has no key yet. Makes none.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where its file is no public key
     */
    public static Optional<PublicKey> ofFolder(Path dataFolder) {
        Path file = dataFolder.resolve("keys").resolve("installation.pub");
        return Files.exists(file) ? Optional.of(readPublic(file)) : Optional.empty();
    }

    /**
     * Reads a public key from a file: in PEM, as {@code installation.pub} is, or the Base64 of it alone.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the file can't be read or is no such key
     */
    public static PublicKey readPublic(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            String text = new String(in.readNBytes(MAX_FILE_BYTES), StandardCharsets.US_ASCII);
            byte[] encoded = text.contains("-----BEGIN ")
                    ? unpem(PUBLIC, text)
                    : Base64.getDecoder().decode(text.strip());
            return publicKey(encoded)
                    .orElseThrow(() -> new IllegalArgumentException("its content is no ed25519 public key"));
        } catch (IOException | IllegalArgumentException e) {
            throw Fault.of(
                            FaultCode.BAD_INPUT,
                            file + " is not a public key that can be read",
                            "Name a file as `lifeboat evidence key` prints it.")
                    .with("tool_output", e.toString())
                    .toException(e);
        }
    }

    /** A public key in PEM, as openssl reads it. */
    public static String pem(PublicKey key) {
        return pem(PUBLIC, key.getEncoded());
    }

    private static void create(Path folder, Path file) throws IOException, GeneralSecurityException {
        DurableFiles.createFolders(folder);
        KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
        String text = pem(PRIVATE, pair.getPrivate().getEncoded())
                + pem(PUBLIC, pair.getPublic().getEncoded());
        try {
            DurableFiles.createNew(file, text.getBytes(StandardCharsets.US_ASCII));
        } catch (FileAlreadyExistsException e) {
            System.getLogger(InstallationKey.class.getName())
                    .log(System.Logger.Level.DEBUG, "another process made {0} first", file);
        }
    }

    private static InstallationKey read(Path file) throws IOException, GeneralSecurityException {
        String text = Files.readString(file, StandardCharsets.US_ASCII);
        var key = new InstallationKey(
                KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(unpem(PRIVATE, text))),
                KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(unpem(PUBLIC, text))));
        if (!verify(key.publicKey, TRIAL, key.sign(TRIAL))) {
            throw new GeneralSecurityException("the private and the public key do not belong together");
        }
        return key;
    }

    private static String pem(String label, byte[] encoded) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }

    private static byte[] unpem(String label, String text) {
        String begin = "-----BEGIN " + label + "-----";
        int from = text.indexOf(begin);
        int to = text.indexOf("-----END " + label + "-----");
        if (from < 0 || to < from) {
            throw new IllegalArgumentException("there is no " + label + " in PEM form");
        }
        return Base64.getMimeDecoder().decode(text.substring(from + begin.length(), to));
    }
}
