package dev.lifeboat.environment;

import java.util.Optional;

/** A version that is the tag of a container's image in Kubernetes. */
final class ImageVersion implements VersionControl {
    private final VersionBinding.Image binding;
    private final KubernetesControl cluster;

    ImageVersion(VersionBinding.Image binding) {
        this(binding, new KubernetesControl(binding.kubernetes()));
    }

    ImageVersion(VersionBinding.Image binding, KubernetesControl cluster) {
        this.binding = binding;
        this.cluster = cluster;
    }

    @Override
    public boolean isControlled() {
        return true;
    }

    @Override
    public Optional<String> current() {
        return cluster.image(binding.container()).map(ImageVersion::version);
    }

    @Override
    public ServiceControl.Outcome set(String version) {
        String wanted = VersionControl.checked(version);
        return cluster.setImage(binding.container(), image -> image(image, wanted), binding.limit());
    }

    @Override
    public Optional<Boolean> isSet(String version) {
        return cluster.image(binding.container()).map(image -> version.equals(image) || version.equals(version(image)));
    }

    @Override
    public String permitted(String version) {
        return VersionControl.checked(version).contains("/")
                ? VersionControl.checked(version, cluster.image(binding.container()))
                : version;
    }

    /** What stands behind the image's name: its digest, or its tag; {@code latest} where it has none. */
    static String version(String image) {
        int digest = image.indexOf('@');
        int tag = image.lastIndexOf(':');
        if (digest >= 0) {
            return image.substring(digest + 1);
        }
        // A colon before the last slash is that of the registry's port.
        return tag > image.lastIndexOf('/') ? image.substring(tag + 1) : "latest";
    }

    /** The image of another version; a version with a slash is a whole image, of the same repository. */
    static String image(String present, String version) {
        if (VersionControl.checked(version, Optional.of(present)).contains("/")) {
            return version;
        }
        return VersionControl.repository(present) + (version.startsWith("sha256:") ? "@" : ":") + version;
    }
}
